// Tokens that a constraint forces, through the engine: they come with the chosen one, and end answers as any other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/tiny_world.h"
#include "text/constraint/compiled.h"
#include "text/constraint/front_end.h"

namespace quire::test {
namespace {

// Behind each chosen token come tokens 20, 21 and 22.
class Refrain final : public Constraint {
 public:
  std::unique_ptr<ConstraintState> begin() const override { return std::make_unique<State>(); }
  int32_t forced_max() const override { return 3; }

 private:
  class State final : public ConstraintState {
   public:
    std::span<const uint64_t> allowed() override { return {}; }
    void accept(TokenId) override {}
    void append_forced(std::vector<TokenId>& tokens) override { tokens.insert(tokens.end(), {20, 21, 22}); }
  };
};

class ForcedSlices : public TinyWorld {
 protected:
  Answer answer_to(Request request) {
    if (request.constraint == nullptr) request.constraint = std::make_shared<Refrain>();
    request.ignore_eos = true;
    const int64_t steps = world_.engine().snapshot().steps;
    Answer answer = TinyWorld::answer_to(std::move(request));
    steps_ = world_.engine().snapshot().steps - steps;
    return answer;
  }

  int64_t steps_ = 0;
};

TEST_F(ForcedSlices, come_with_the_chosen_token_and_enter_the_next_step_together) {
  const Answer answer = answer_to({.generated_max = 40});
  ASSERT_EQ(answer.tokens.size(), 40U);
  EXPECT_EQ(answer.finished.stats.generated_tokens, 40);
  for (size_t index = 0; index < 40; ++index) {
    if (index % 4 > 0) {
      EXPECT_EQ(answer.tokens[index], static_cast<TokenId>(19 + index % 4));
    }
  }
  EXPECT_EQ(steps_, 10) << "a step for each chosen token";
}

TEST_F(ForcedSlices, are_the_same_tokens_one_by_one_where_log_probabilities_are_asked_for) {
  SamplingParams sampling{.temperature = 1.5F, .seed = 7};
  sampling.mirostat = {.version = 2, .tau = 3.0F};
  sampling.dry = {.multiplier = 0.8F, .allowed_length = 1};
  sampling.repetition_penalty = 1.2F;
  for (const std::vector<TokenId>& stop_tokens : {std::vector<TokenId>{}, {22}}) {
    const Answer together = answer_to({.generated_max = 41, .sampling = sampling, .stop_tokens = stop_tokens});
    EXPECT_LT(steps_, 21);
    const Answer one_by_one =
        answer_to({.generated_max = 41, .sampling = sampling, .stop_tokens = stop_tokens, .logprobs_top_n = 1});
    EXPECT_EQ(steps_, one_by_one.finished.stats.generated_tokens);
    EXPECT_EQ(one_by_one.tokens, together.tokens);
    EXPECT_EQ(one_by_one.text, together.text);
    EXPECT_EQ(one_by_one.logprobs.size(), 2 * one_by_one.tokens.size()) << "each with the best one";
    EXPECT_THAT(one_by_one.logprobs, testing::Each(testing::Le(0.0F)));
  }
}

TEST_F(ForcedSlices, end_an_answer_at_its_greatest_length) {
  for (int32_t length = 1; length <= 9; ++length) {
    const Answer answer = answer_to({.generated_max = length});
    EXPECT_EQ(answer.tokens.size(), static_cast<size_t>(length));
    EXPECT_EQ(answer.finished.reason, FinishReason::length);
  }
}

TEST_F(ForcedSlices, end_an_answer_at_a_text_that_stops_it) {
  const std::string stop = std::string(loaded_.tokenizer->bytes(21)) + std::string(loaded_.tokenizer->bytes(22));
  const Answer answer = answer_to({.generated_max = 40, .stop = {stop}});
  EXPECT_EQ(answer.finished.reason, FinishReason::stop);
  EXPECT_EQ(answer.finished.stop_text, stop);
  EXPECT_EQ(answer.tokens.size(), 4U);
  EXPECT_TRUE(answer.text.ends_with(loaded_.tokenizer->bytes(20))) << answer.text;
  EXPECT_EQ(answer_to({.generated_max = 40, .generated_min = 6, .stop = {stop}}).tokens.size(), 8U);
}

TEST_F(ForcedSlices, hold_no_stop_token_which_ends_an_answer_only_where_it_is_chosen) {
  const Answer answer = answer_to({.generated_max = 40, .stop_tokens = {21}});
  EXPECT_EQ(answer.finished.reason, FinishReason::length);
  for (size_t index = 0; index < 40; ++index) {
    if (index % 2 == 1) {
      EXPECT_EQ(answer.tokens[index], 20);
    }
  }
}

TEST_F(ForcedSlices, are_left_to_choice_where_the_request_says_more_of_its_tokens) {
  SamplingParams biased;
  biased.logit_bias = {{30, 1.0F}};
  answer_to({.generated_max = 12, .sampling = biased});
  EXPECT_EQ(steps_, 12);
}

TEST_F(ForcedSlices, are_followed_through_a_step_that_has_fewer_rows) {
  const Answer alone = answer_to({.generated_max = 40});
  World narrow(loaded_, loaded_.cores,
               {.block_tokens = 32,
                .block_count = 64,
                .context_tokens = 256,
                .running_max = 2,
                .queue_max = 32,
                .step_tokens_max = 2});
  Request request{.id = {1}, .prompt = {1, 5, 6}, .generated_max = 40, .ignore_eos = true};
  request.constraint = std::make_shared<Refrain>();
  Request other = request;
  other.id = {2};
  narrow.engine().submit(request);
  narrow.engine().submit(other);
  narrow.run();
  EXPECT_EQ(narrow.answers()[request.id].tokens, alone.tokens);
  EXPECT_EQ(narrow.answers()[other.id].tokens, alone.tokens);
}

TEST(ForcedText, of_a_real_vocabulary_make_an_answer_of_a_schema_in_fewer_steps) {
  const auto path = std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data/models/stories260K.gguf";
  LoadedModel loaded(path, *supported_kernel_tables().back(), 1);
  const auto trie = std::make_shared<const constraint::TokenTrie>(constraint::TokenTrie::of(*loaded.tokenizer));
  const std::string schema = R"({"type":"object","properties":{"the little girl":{"type":"boolean"},
    "and then her mother":{"enum":["she was very happy", "she went away"]}},
    "required":["the little girl","and then her mother"],"additionalProperties":false})";
  const auto grammar = take(constraint::grammar_of({.kind = constraint::Kind::json_schema, .text = schema}));
  const auto run = [&](const Tokenizer* writer) {
    World world(loaded, loaded.cores,
                {.block_tokens = 32, .block_count = 64, .context_tokens = 256, .running_max = 2, .queue_max = 4});
    Request request{.id = {1}, .prompt = {1}, .generated_max = 200};
    request.constraint = take(constraint::CompiledConstraint::create(grammar, trie, {2}, {}, {}, writer));
    world.engine().submit(request);
    world.run();
    const Answer answer = world.answers()[request.id];
    EXPECT_EQ(answer.finished.reason, FinishReason::stop);
    EXPECT_TRUE(answer.text.find("\"and then her mother\"") != std::string::npos) << answer.text;
    return std::pair(world.engine().snapshot().steps, answer.finished.stats.generated_tokens);
  };
  const auto [steps, tokens] = run(loaded.tokenizer.get());
  EXPECT_LT(2 * steps, tokens);
  const auto [steps_one_by_one, tokens_one_by_one] = run(nullptr);
  EXPECT_EQ(steps_one_by_one, tokens_one_by_one);
  EXPECT_LT(2 * steps, steps_one_by_one);
}

}  // namespace
}  // namespace quire::test
