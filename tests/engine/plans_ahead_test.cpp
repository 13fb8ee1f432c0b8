// An engine whose executor computes one step while the next is planned: what lies between issue and finish, and what is
// left when a step fails or nobody wants it any more.
#include <gtest/gtest.h>

#include <optional>

#include "engine/world.h"

namespace quire::test {
namespace {

// Knows whether a step runs; fails the n-th of them whole, as a device does that is lost.
class Device final : public ForwardingExecutor {
 public:
  explicit Device(Executor& real, int failing_step = 0) : ForwardingExecutor(real), failing_step_(failing_step) {}
  void issue(const Batch& batch) override {
    running_.clear();
    for (const BatchSlice& slice : batch.slices) running_.push_back(slice.sequence);
    ForwardingExecutor::issue(batch);
  }
  Logits finish(std::vector<SliceFailure>& failures) override {
    const Logits logits = ForwardingExecutor::finish(failures);
    ++steps_;
    const std::vector<SequenceId> ended = std::exchange(running_, {});
    if (steps_ != failing_step_) return logits;
    for (const SequenceId id : ended) failures.push_back({.sequence = id, .why = "the device is lost"});
    return {};
  }
  bool runs() const { return !running_.empty(); }
  int steps() const { return steps_; }

 private:
  const int failing_step_;
  int steps_ = 0;
  std::vector<SequenceId> running_;
};

class PlansAhead : public testing::Test {
 protected:
  struct Told {
    int tokens = 0;
    int tokens_while_a_step_ran = 0;
    std::optional<Finished> finished;
  };

  void start(int32_t plans_ahead, int failing_step = 0) {
    const Limits limits{.block_tokens = 32,
                        .block_count = 64,
                        .context_tokens = 128,
                        .running_max = 8,
                        .queue_max = 16,
                        .step_tokens_max = 64,
                        .plans_ahead = plans_ahead};
    told_.clear();
    engine_.reset();
    device_.reset();
    real_.emplace(loaded_.cores.executor_of(loaded_.model, limits));
    device_.emplace(*real_, failing_step);
    engine_.emplace(limits, *device_, *loaded_.tokenizer, clock_, [this](std::vector<Event>&& events) {
      for (Event& event : events) hear(std::move(event));
    });
  }
  void submit(uint64_t id, int32_t answer) {
    engine_->submit(
        {.id = {id}, .prompt = {1, 5, static_cast<TokenId>(id)}, .generated_max = answer, .ignore_eos = true});
  }
  void run() {
    while (!engine_->idle()) engine_->step();
  }
  void hear(Event&& event) {
    Told& told = told_[event.id.value];
    if (const TextDelta* delta = std::get_if<TextDelta>(&event.body)) {
      told.tokens += static_cast<int>(delta->tokens.size());
      if (device_->runs()) told.tokens_while_a_step_ran += static_cast<int>(delta->tokens.size());
    } else {
      told.finished = std::get<Finished>(std::move(event.body));
    }
  }

  LoadedModel loaded_{tiny_model(), *supported_kernel_tables().back(), 1};
  ManualClock clock_;
  std::map<uint64_t, Told> told_;
  std::optional<ModelExecutor> real_;
  std::optional<Device> device_;
  std::optional<Engine> engine_;
};

TEST_F(PlansAhead, let_a_step_be_reported_while_the_next_one_runs) {
  for (const int32_t plans_ahead : {0, 1}) {
    start(plans_ahead);
    submit(1, 20);
    run();
    EXPECT_EQ(told_[1].tokens, 20);
    EXPECT_EQ(told_[1].tokens_while_a_step_ran, plans_ahead == 0 ? 0 : 19) << "there is no step behind the last one";
    EXPECT_EQ(device_->steps(), 20) << "no step is for nothing";
  }
}

TEST_F(PlansAhead, of_a_step_that_nobody_wants_any_more_are_waited_for) {
  start(1);
  for (const bool all : {false, true}) {
    submit(all ? 2 : 1, 20);
    ASSERT_TRUE(engine_->step());
    EXPECT_TRUE(device_->runs());
    if (all) {
      engine_->cancel_all();
    } else {
      engine_->cancel({1});
      EXPECT_FALSE(engine_->idle()) << "its step runs";
      EXPECT_TRUE(engine_->step());
    }
    EXPECT_TRUE(engine_->idle());
    EXPECT_FALSE(device_->runs());
    EXPECT_EQ(told_[all ? 2 : 1].finished->reason, FinishReason::cancelled);
  }
  EXPECT_EQ(engine_->scheduler().counts().blocks_held, 0);
  EXPECT_EQ(engine_->scheduler().counts().voided_rows, 2);
}

TEST_F(PlansAhead, of_a_step_that_fails_are_not_issued) {
  for (int failing_step = 1; failing_step <= 8; ++failing_step) {
    start(1, failing_step);
    for (uint64_t id = 1; id <= 3; ++id) submit(id, 8);
    for (int step = 0; step < failing_step; ++step) engine_->step();
    EXPECT_FALSE(device_->runs()) << "all of it was of those that have ended";
    for (uint64_t id = 1; id <= 3; ++id) {
      ASSERT_TRUE(told_[id].finished);
      EXPECT_EQ(told_[id].finished->reason, FinishReason::error);
      EXPECT_EQ(told_[id].finished->error, "the device is lost");
    }
    EXPECT_TRUE(engine_->idle());
    EXPECT_EQ(engine_->scheduler().counts().blocks_held, 0);
    EXPECT_EQ(engine_->scheduler().counts().voided_slices, failing_step < 8 ? 3 : 0);
    submit(4, 8);
    run();
    EXPECT_EQ(told_[4].tokens, 8) << "who comes later is served";
  }
}

// Deadlines count while a step runs, too.
TEST_F(PlansAhead, have_nothing_of_one_whose_time_is_over) {
  start(1);
  engine_->submit({.id = {1}, .prompt = {1, 5}, .generated_max = 50, .ignore_eos = true, .deadline_ns = 1'000});
  submit(2, 10);
  engine_->step();
  clock_.advance_ns(1'000);
  engine_->step();
  EXPECT_EQ(told_[1].finished->reason, FinishReason::deadline);
  EXPECT_EQ(told_[1].tokens, 1);
  EXPECT_EQ(engine_->scheduler().find({1}), nullptr);
  EXPECT_EQ(engine_->scheduler().counts().voided_rows, 1);
  run();
  EXPECT_EQ(told_[2].tokens, 10);
}

}  // namespace
}  // namespace quire::test
