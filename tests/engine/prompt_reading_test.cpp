// How likely a prompt's tokens were, and what became of its rows as one vector.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "engine/forwarding_executor.h"
#include "engine/world.h"

namespace quire::test {
namespace {

class PromptReadings : public testing::Test {
 protected:
  explicit PromptReadings() : world_(loaded_, loaded_.cores, limits(32)), narrow_(loaded_, loaded_.cores, limits(3)) {}

  static Limits limits(int32_t step_tokens) {
    Limits limits;
    limits.block_tokens = 32;
    limits.context_tokens = 96;
    limits.block_count = 12;
    limits.running_max = 4;
    limits.step_tokens_max = step_tokens;
    return limits;
  }
  Answer answer_of(World& world, Request request) {
    request.id = {++ids_};
    if (request.prompt.empty()) request.prompt = {1, 5, 6, 40, 7, 9, 30, 31, 5, 6, 40};
    const SequenceId id = request.id;
    world.engine().submit(std::move(request));
    world.run();
    return world.answers().at(id);
  }

  uint64_t ids_ = 0;
  LoadedModel loaded_{tiny_model(), *supported_kernel_tables().back(), 1};
  World world_;
  World narrow_;  // prompts are cut into slices of 3
};

// What the model says of a token after each beginning of the prompt, one request each.
TEST_F(PromptReadings, say_of_each_token_what_an_answer_with_it_would) {
  const std::vector<TokenId> prompt{1, 5, 6, 40, 7, 9, 30, 31, 5, 6};
  std::vector<float> expected;
  for (size_t length = 1; length < prompt.size(); ++length) {
    SamplingParams sampling;
    sampling.allowed_tokens = {prompt[length]};
    const Answer answer =
        answer_of(world_, {.prompt = {prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(length)},
                           .generated_max = 1,
                           .sampling = sampling,
                           .use_cache = false,
                           .logprobs_top_n = 2});
    expected.insert(expected.end(), answer.logprobs.begin(), answer.logprobs.end());
  }
  ASSERT_EQ(expected.size(), 27U);
  const Request scored{.prompt = prompt, .generated_max = 0, .prompt_logprobs_top_n = 2};
  for (World* world : {&world_, &narrow_}) {
    const Answer answer = answer_of(*world, scored);
    EXPECT_EQ(answer.finished.reason, FinishReason::length);
    EXPECT_TRUE(answer.tokens.empty());
    EXPECT_TRUE(Answer::same_bits(answer.prompt_logprobs, expected));
  }
}

TEST_F(PromptReadings, come_with_an_answer_that_they_do_not_change) {
  const Answer plain = answer_of(world_, {.generated_max = 8});
  for (World* world : {&world_, &narrow_}) {
    const Answer scored = answer_of(*world, {.generated_max = 8, .prompt_logprobs_top_n = 0});
    EXPECT_EQ(scored.tokens, plain.tokens);
    EXPECT_EQ(scored.prompt_logprobs.size(), 10U);
    EXPECT_EQ(scored.finished.stats.cached_tokens, 0) << "every row is computed for it";
  }
}

TEST_F(PromptReadings, vectors_are_the_rows_that_they_pool) {
  const Answer last = answer_of(world_, {.pooling = Pooling::last});
  EXPECT_EQ(last.finished.reason, FinishReason::stop);
  EXPECT_EQ(last.finished.stats.generated_tokens, 0);
  EXPECT_TRUE(last.tokens.empty());
  ASSERT_EQ(std::ssize(last.finished.embedding), loaded_.model.config().width);
  // The mean of all rows, each of which is the last of a shorter prompt.
  const std::vector<TokenId> prompt{1, 5, 6, 40, 7, 9, 30, 31, 5, 6, 40};
  std::vector<double> sum(last.finished.embedding.size());
  for (size_t length = 1; length <= prompt.size(); ++length) {
    const Answer one = answer_of(
        narrow_, {.prompt = {prompt.begin(), prompt.begin() + static_cast<long>(length)}, .pooling = Pooling::last});
    for (size_t at = 0; at < sum.size(); ++at) sum[at] += static_cast<double>(one.finished.embedding[at]);
    if (length == prompt.size()) {
      EXPECT_TRUE(Answer::same_bits(one.finished.embedding, last.finished.embedding));
    }
  }
  std::vector<float> mean;
  for (const double value : sum) mean.push_back(static_cast<float>(value / 11));
  for (World* world : {&world_, &narrow_}) {
    EXPECT_TRUE(Answer::same_bits(answer_of(*world, {.pooling = Pooling::mean}).finished.embedding, mean));
  }
}

TEST_F(PromptReadings, a_vector_of_the_first_row_is_that_of_a_prompt_of_one_token) {
  const Answer alone = answer_of(world_, {.prompt = {1}, .pooling = Pooling::last});
  for (World* world : {&world_, &narrow_}) {
    const Answer first = answer_of(*world, {.pooling = Pooling::first});
    EXPECT_TRUE(Answer::same_bits(first.finished.embedding, alone.finished.embedding));
    EXPECT_EQ(first.finished.stats.cached_tokens, 0);
  }
}

TEST_F(PromptReadings, a_vector_needs_no_room_for_an_answer) {
  std::vector<TokenId> prompt(96, 7);
  EXPECT_FALSE(answer_of(world_, {.prompt = prompt, .pooling = Pooling::last}).finished.embedding.empty());
  EXPECT_EQ(answer_of(world_, {.prompt = prompt, .generated_max = 0, .prompt_logprobs_top_n = 0}).finished.reason,
            FinishReason::length);
  EXPECT_EQ(answer_of(world_, {.prompt = prompt, .generated_max = 1}).finished.error_kind, ErrorKind::too_large);
  prompt.push_back(7);
  EXPECT_EQ(answer_of(world_, {.prompt = prompt, .pooling = Pooling::last}).finished.error_kind, ErrorKind::too_large);
}

TEST_F(PromptReadings, a_vector_of_the_last_row_takes_the_rest_from_the_cache) {
  const Request request{.prompt = std::vector<TokenId>(40, 7), .pooling = Pooling::last};
  const Answer first = answer_of(world_, request);
  const Answer second = answer_of(world_, request);
  EXPECT_EQ(second.finished.stats.cached_tokens, 32);
  EXPECT_TRUE(first.same_output(second));
}

// Gives no numbers where rows of a prompt are asked for; what it samples from is as it should be.
class AstrayExecutor final : public ForwardingExecutor {
 public:
  using ForwardingExecutor::ForwardingExecutor;
  Result<Logits> logits(std::span<const int32_t> rows) override {
    values_.assign(rows.size() * static_cast<size_t>(vocab_size()), std::numeric_limits<float>::quiet_NaN());
    return Logits{.values = values_, .vocab = vocab_size()};
  }
  Result<HiddenStates> states(std::span<const int32_t> rows) override {
    values_.assign(rows.size(), std::numeric_limits<float>::infinity());
    return HiddenStates{.values = values_, .width = 1};
  }

 private:
  std::vector<float> values_;
};

// Its device is lost as soon as rows of a prompt are asked for.
class LostExecutor final : public ForwardingExecutor {
 public:
  using ForwardingExecutor::ForwardingExecutor;
  Result<Logits> logits(std::span<const int32_t>) override { return fail(ErrorKind::io, "the device is lost"); }
  Result<HiddenStates> states(std::span<const int32_t>) override { return fail(ErrorKind::io, "the device is lost"); }
};

// Its vectors are two numbers: how many there were, and the first.
class CountingExecutor final : public ForwardingExecutor {
 public:
  using ForwardingExecutor::ForwardingExecutor;
  Result<std::span<const float>> head(std::span<const float> pooled) override {
    head_ = {static_cast<float>(pooled.size()), pooled.front()};
    return head_;
  }

 private:
  std::vector<float> head_;
};

TEST_F(PromptReadings, vectors_are_what_the_head_makes_of_the_pooled_row) {
  const Answer plain = answer_of(world_, {.pooling = Pooling::mean});
  ModelExecutor real = loaded_.cores.executor_of(loaded_.model, limits(3));
  CountingExecutor executor(real);
  const ManualClock clock;
  std::vector<Event> events;
  Engine engine(limits(3), executor, *loaded_.tokenizer, clock, [&](std::vector<Event>&& posted) {
    for (Event& event : posted) events.push_back(std::move(event));
  });
  engine.submit({.id = {1}, .prompt = {1, 5, 6, 40, 7, 9, 30, 31, 5, 6, 40}, .pooling = Pooling::mean});
  while (!engine.idle()) engine.step();
  const std::vector<float>& row = plain.finished.embedding;
  EXPECT_THAT(std::get<Finished>(events.back().body).embedding,
              testing::ElementsAre(static_cast<float>(row.size()), row.front()));
}

// Requests whose prompts cannot be read, and why, however they want to know them.
void expect_no_reading(Executor& executor, const LoadedModel& loaded, const Limits& limits, const std::string& why) {
  const ManualClock clock;
  std::vector<Event> events;
  Engine engine(limits, executor, *loaded.tokenizer, clock, [&](std::vector<Event>&& posted) {
    for (Event& event : posted) events.push_back(std::move(event));
  });
  engine.submit({.id = {1}, .prompt = {1, 5, 6}, .generated_max = 8, .prompt_logprobs_top_n = 0});
  engine.submit({.id = {2}, .prompt = {1, 5, 6}, .generated_max = 0, .prompt_logprobs_top_n = 0});
  engine.submit({.id = {3}, .prompt = {1, 5, 6}, .pooling = Pooling::mean});
  while (!engine.idle()) engine.step();
  ASSERT_EQ(events.size(), 3U) << "nothing of an answer comes before its end";
  for (const Event& event : events) {
    const Finished* finished = std::get_if<Finished>(&event.body);
    ASSERT_NE(finished, nullptr);
    EXPECT_EQ(finished->reason, FinishReason::error);
    EXPECT_EQ(finished->error, why);
  }
}

TEST_F(PromptReadings, that_are_no_numbers_end_a_request_whether_it_has_an_answer_or_not) {
  ModelExecutor real = loaded_.cores.executor_of(loaded_.model, limits(32));
  AstrayExecutor executor(real);
  expect_no_reading(executor, loaded_, limits(32), "what the model says of the prompt is not numbers");
}

TEST_F(PromptReadings, of_a_device_that_is_lost_end_a_request_with_its_error) {
  ModelExecutor real = loaded_.cores.executor_of(loaded_.model, limits(32));
  LostExecutor executor(real);
  expect_no_reading(executor, loaded_, limits(32), "the device is lost");
}

}  // namespace
}  // namespace quire::test
