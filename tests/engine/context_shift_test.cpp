// Answers that go on when their contexts are full, as if their requests had begun with what is left of them.
#include "engine/context_shift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "engine/tiny_world.h"
#include "sim/fake_constraint.h"

namespace quire::test {
namespace {

std::vector<TokenId> counted(int32_t count) {
  std::vector<TokenId> tokens(static_cast<size_t>(count));
  std::iota(tokens.begin(), tokens.end(), 0);
  return tokens;
}

TEST(ShiftedContext, has_the_first_tokens_and_the_newer_half_of_the_others) {
  using testing::ElementsAre;
  EXPECT_THAT(shifted_context(counted(10), 2), ElementsAre(0, 1, 6, 7, 8, 9));
  EXPECT_THAT(shifted_context(counted(10), 0), ElementsAre(5, 6, 7, 8, 9));
  EXPECT_THAT(shifted_context(counted(11), 0), ElementsAre(5, 6, 7, 8, 9, 10));
}

TEST(ShiftedContext, has_room_whatever_is_to_be_kept) {
  using testing::ElementsAre;
  EXPECT_THAT(shifted_context(counted(10), 100), ElementsAre(0, 1, 2, 3, 4, 5, 8, 9));
  for (int32_t size = 2; size < 8; ++size) {
    for (const int32_t keep : {0, 1, 7, 100}) {
      const size_t left = shifted_context(counted(size), keep).size();
      EXPECT_GE(left, 1U);
      EXPECT_LT(left, static_cast<size_t>(size));
    }
  }
}

class ContextShift : public TinyWorld {
 protected:
  // Without an end but its length, or what stops it.
  Answer answer_to(Request request) {
    request.ignore_eos = true;
    return TinyWorld::answer_to(std::move(request));
  }
  int64_t shifts() { return world_.engine().snapshot().totals.context_shifts; }
};

const std::vector<TokenId> prompt = {1, 5, 6, 7, 8};

TEST_F(ContextShift, goes_on_as_a_request_that_begins_with_what_is_left) {
  const SamplingParams sampling{.temperature = 1.0F, .repeat_penalty = 1.2F, .seed = 11};
  const Answer long_one = answer_to({.prompt = prompt,
                                     .generated_max = 200,
                                     .context_max = 40,
                                     .shift_keep = 3,
                                     .sampling = sampling,
                                     .logprobs_top_n = 2});
  ASSERT_EQ(long_one.tokens.size(), 200U);
  EXPECT_EQ(long_one.finished.reason, FinishReason::length);
  EXPECT_EQ(long_one.finished.stats.prompt_tokens, 5);
  EXPECT_EQ(long_one.finished.stats.generated_tokens, 200);
  EXPECT_EQ(shifts(), 10) << "35 tokens fill the first one, 18 more each of the others";

  std::vector<TokenId> timeline = prompt, tokens;
  std::vector<float> logprobs;
  while (tokens.size() < 200) {
    const auto room = static_cast<int32_t>(std::min<size_t>(40 - timeline.size(), 200 - tokens.size()));
    const Answer part =
        answer_to({.prompt = timeline, .generated_max = room, .sampling = sampling, .logprobs_top_n = 2});
    tokens.insert(tokens.end(), part.tokens.begin(), part.tokens.end());
    logprobs.insert(logprobs.end(), part.logprobs.begin(), part.logprobs.end());
    timeline.insert(timeline.end(), part.tokens.begin(), part.tokens.end());
    if (timeline.size() == 40) timeline = shifted_context(timeline, 3);
  }
  EXPECT_EQ(long_one.tokens, tokens);
  EXPECT_TRUE(Answer::same_bits(long_one.logprobs, logprobs));
}

TEST_F(ContextShift, of_all_that_a_request_may_say_ends_at_its_greatest_length) {
  for (const int32_t most : {34, 35, 36, 54}) {
    const Answer answer = answer_to({.prompt = prompt, .generated_max = most, .context_max = 40, .shift_keep = 0});
    EXPECT_EQ(answer.tokens.size(), static_cast<size_t>(most));
    EXPECT_EQ(answer.finished.reason, FinishReason::length);
  }
}

TEST_F(ContextShift, is_none_where_the_request_does_not_say_so) {
  const Answer answer = answer_to({.prompt = prompt, .generated_max = 200, .context_max = 40});
  EXPECT_EQ(answer.tokens.size(), 35U);
  EXPECT_EQ(answer.finished.reason, FinishReason::length);
  EXPECT_EQ(shifts(), 0);
}

TEST_F(ContextShift, leaves_its_constraint_and_what_stops_it_where_they_were) {
  Request request{.prompt = prompt, .generated_max = 120, .context_max = 24, .shift_keep = 4};
  request.constraint = std::make_shared<sim::FakeConstraint>(3, 5);
  const Answer together = answer_to(request);
  request.logprobs_top_n = 0;
  const Answer one_by_one = answer_to(request);
  EXPECT_EQ(together.tokens.size(), 120U);
  EXPECT_EQ(together.tokens, one_by_one.tokens);
  EXPECT_GT(shifts(), 8);

  // A text that begins in one context and ends in the next stops the answer.
  const size_t first_context = 24 - prompt.size();
  request.logprobs_top_n = -1;
  std::string text;
  for (size_t index = first_context - 2; index < first_context + 3; ++index) {
    text += loaded_.tokenizer->bytes(together.tokens[index]);
  }
  request.stop = {text};
  EXPECT_EQ(answer_to(request).finished.reason, FinishReason::stop);
}

}  // namespace
}  // namespace quire::test
