// The likeliest token comes without its logits, where a request asks for nothing else.
#include <gtest/gtest.h>

#include "engine/forwarding_executor.h"
#include "engine/tiny_world.h"

namespace quire::test {
namespace {

// Notes of each sampled slice whether nothing but the likeliest token is wanted.
class NotingExecutor final : public ForwardingExecutor {
 public:
  using ForwardingExecutor::ForwardingExecutor;
  void issue(const Batch& batch) override {
    for (const BatchSlice& slice : batch.slices) {
      if (slice.logits_row >= 0) (slice.likeliest ? alone_ : with_logits_) += 1;
    }
    ForwardingExecutor::issue(batch);
  }
  int alone() const { return alone_; }
  int with_logits() const { return with_logits_; }

 private:
  int alone_ = 0;
  int with_logits_ = 0;
};

class ChoiceNeedsOf : public TinyWorld {
 protected:
  struct Outcome {
    std::vector<TokenId> tokens;
    int alone, with_logits;
  };
  Outcome outcome_of(Request request) {
    const Limits limits{.block_tokens = 32,
                        .block_count = 8,
                        .context_tokens = 96,
                        .running_max = 2,
                        .queue_max = 2,
                        .step_tokens_max = 32};
    ModelExecutor real = loaded_.cores.executor_of(loaded_.model, limits);
    NotingExecutor executor(real);
    const ManualClock clock;
    std::vector<TokenId> tokens;
    Engine engine(limits, executor, *loaded_.tokenizer, clock, [&](std::vector<Event>&& events) {
      for (const Event& event : events) {
        if (const auto* delta = std::get_if<TextDelta>(&event.body)) {
          tokens.insert(tokens.end(), delta->tokens.begin(), delta->tokens.end());
        }
      }
    });
    request.id = {1};
    request.prompt = {1, 5, 6, 40, 7};
    request.generated_max = 12;
    engine.submit(std::move(request));
    while (!engine.idle()) engine.step();
    engine.step();
    return {.tokens = tokens, .alone = executor.alone(), .with_logits = executor.with_logits()};
  }
};

TEST_F(ChoiceNeedsOf, a_plain_greedy_request_are_tokens_and_no_logits) {
  const Outcome plain = outcome_of({});
  EXPECT_EQ(plain.with_logits, 0);
  EXPECT_GE(plain.alone, 2);
  const Outcome with_logits = outcome_of({.logprobs_top_n = 0});
  EXPECT_EQ(with_logits.alone, 0);
  EXPECT_EQ(with_logits.with_logits, plain.alone);
  EXPECT_EQ(with_logits.tokens, plain.tokens);
  // What cuts or draws changes nothing of a greedy choice.
  EXPECT_EQ(outcome_of({.sampling = {.top_k = 40, .top_p = 0.9F, .seed = 7}}).with_logits, 0);
}

TEST_F(ChoiceNeedsOf, whatever_changes_the_logits_or_shows_them_are_logits) {
  std::vector<Request> requests = {{.sampling = {.temperature = 0.1F}},
                                   {.sampling = {.dynatemp_range = 0.1F}},
                                   {.sampling = {.repeat_penalty = 1.1F}},
                                   {.sampling = {.presence_penalty = 0.1F}},
                                   {.sampling = {.frequency_penalty = 0.1F}},
                                   {.sampling = {.repetition_penalty = 1.1F}},
                                   {.sampling = {.dry = {.multiplier = 0.1F}}},
                                   {.sampling = {.logit_bias = {{9, 0.1F}}}},
                                   {.sampling = {.allowed_tokens = {5, 6}}},
                                   {.sampling = {.bad_words = {{9, 11}}}},
                                   {.ignore_eos = true},
                                   {.logprobs_top_n = 3}};
  for (size_t index = 0; index < requests.size(); ++index) {
    const Outcome outcome = outcome_of(requests[index]);
    EXPECT_EQ(outcome.alone, 0) << index;
    EXPECT_GE(outcome.with_logits, 1) << index;
  }
}

TEST_F(ChoiceNeedsOf, an_answer_are_logits_as_long_as_it_may_not_end) {
  const Outcome outcome = outcome_of({.generated_min = 3});
  EXPECT_EQ(outcome.with_logits, 3);
  EXPECT_GE(outcome.alone, 1);
}

}  // namespace
}  // namespace quire::test
