// Plans that are made while a step runs: what they count on, who waits, and what becomes of those that end instead.
#include <gtest/gtest.h>

#include <optional>

#include "sched/driver.h"

namespace quire::test {
namespace {

Limits ahead(Limits limits) {
  limits.plans_ahead = 1;
  return limits;
}

// Drives a scheduler as an engine does whose device computes one step while the next is planned.
class Pipeline {
 public:
  explicit Pipeline(const Limits& limits) : driver_(ahead(limits)), scheduler(driver_.scheduler) {}

  void admit(uint64_t id, std::vector<TokenId> prompt, int32_t answer, uint8_t priority = 3,
             bool waits_for_tokens = false) {
    SequenceDemand one = driver_.demand(id, std::move(prompt), answer);
    one.priority = priority;
    one.waits_for_tokens = waits_for_tokens;
    one.step_tokens_max = waits_for_tokens ? 4 : 1;
    ASSERT_TRUE(scheduler.admit(one));
  }

  // Plans the next step, of which nothing is committed yet. The slices, before any of them is voided.
  std::vector<Slice> plan() {
    const StepPlan& made = scheduler.plan(++driver_.now_ns);
    scheduler.check_invariants();
    if (!made.slices.empty()) plans_.push_back(made.slices);
    return made.slices;
  }

  // Ends the oldest step: each slice that samples gives a token. These sequences end with it.
  void commit(std::vector<uint64_t> ending = {}) {
    std::vector<SliceOutcome> outcomes;
    for (const Slice& slice : plans_.front()) outcomes.push_back(outcome_of(slice, ending));
    plans_.erase(plans_.begin());
    scheduler.commit(outcomes);
    scheduler.check_invariants();
    if (plans_.empty()) return;
    std::erase_if(plans_.front(), [&](const Slice& slice) { return scheduler.find(slice.sequence) == nullptr; });
    for (const Slice& slice : plans_.front()) {
      EXPECT_EQ(slice.begin, scheduler.find(slice.sequence)->computed) << "what is issued goes on where it stands";
      rows_issued += slice.end - slice.begin;
    }
    if (plans_.front().empty()) plans_.clear();
  }

  // The next step is planned while one runs, and that is ended; the slices that are issued then.
  std::vector<Slice> step() {
    if (plans_.empty()) {
      for (const Slice& slice : plan()) rows_issued += slice.end - slice.begin;
    }
    (void)plan();
    commit();
    return plans_.empty() ? std::vector<Slice>{} : plans_.front();
  }
  bool runs() const { return !plans_.empty(); }
  const Sequence& sequence(uint64_t id) const { return *scheduler.find({id}); }

 private:
  SliceOutcome outcome_of(const Slice& slice, const std::vector<uint64_t>& ending) const {
    SliceOutcome outcome{.sequence = slice.sequence, .sampled = {}};
    const Sequence* one = scheduler.find(slice.sequence);
    outcome.voided = one == nullptr;
    if (!slice.samples || outcome.voided) return outcome;
    outcome.sampled = static_cast<TokenId>(1000 * slice.sequence.value) + slice.end;
    outcome.finished =
        one->length() + 1 >= one->length_max || std::ranges::find(ending, slice.sequence.value) != ending.end();
    return outcome;
  }

  Driver driver_;
  std::vector<std::vector<Slice>> plans_;  // uncommitted, the oldest first

 public:
  Scheduler& scheduler;
  int64_t rows_issued = 0;
};

bool has_slice(const std::vector<Slice>& slices, uint64_t id) { return slice_of(slices, id) != nullptr; }

TEST(PlansAhead, count_on_the_rows_and_the_token_of_the_step_that_runs) {
  Pipeline pipeline(limits_of(4, 16));
  pipeline.admit(1, tokens_from(0, 24), 4);
  EXPECT_EQ(pipeline.plan()[0].end, 16);
  const Slice prompt = pipeline.plan()[0];
  EXPECT_EQ(prompt.begin, 16);
  EXPECT_EQ(prompt.end, 24);
  EXPECT_TRUE(prompt.samples);
  pipeline.commit();
  EXPECT_EQ(pipeline.sequence(1).computed, 16);
  const Slice stream = pipeline.plan()[0];
  EXPECT_EQ(stream.begin, 24);
  EXPECT_EQ(stream.end, 25) << "the row of a token that nobody knows yet";
  EXPECT_TRUE(stream.samples);
  pipeline.commit();
  EXPECT_EQ(pipeline.sequence(1).tokens.back(), 1024);
  while (pipeline.runs()) pipeline.step();
  EXPECT_EQ(pipeline.scheduler.find({1}), nullptr);
  EXPECT_EQ(pipeline.scheduler.counts().voided_slices, 0) << "its end was known before";
  EXPECT_EQ(pipeline.scheduler.counts().blocks_held, 0);
}

TEST(PlansAhead, have_no_slice_of_one_that_gets_its_last_token) {
  Pipeline pipeline(limits_of(4, 16));
  pipeline.admit(1, tokens_from(0, 4), 1);
  pipeline.admit(2, tokens_from(100, 4), 2);
  (void)pipeline.plan();
  const auto slices = pipeline.plan();
  ASSERT_EQ(slices.size(), 1U);
  EXPECT_EQ(slices[0].sequence, SequenceId{2});
}

TEST(PlansAhead, leave_out_who_ends_in_the_step_that_runs_and_its_memory_goes_back) {
  Pipeline pipeline(limits_of(4, 16));
  pipeline.admit(1, tokens_from(0, 8), 9);
  pipeline.admit(2, tokens_from(100, 7), 9);
  (void)pipeline.plan();
  EXPECT_EQ(pipeline.plan().size(), 2U);
  EXPECT_EQ(pipeline.scheduler.counts().blocks_held, 5) << "one more for the first one's row that comes";
  pipeline.commit({1});
  EXPECT_EQ(pipeline.scheduler.counts().voided_slices, 1);
  EXPECT_EQ(pipeline.scheduler.counts().voided_rows, 0);
  EXPECT_EQ(pipeline.scheduler.counts().blocks_held, 2);
  const auto slices = pipeline.step();
  ASSERT_EQ(slices.size(), 1U);
  EXPECT_EQ(slices[0].sequence, SequenceId{2});
}

TEST(PlansAhead, of_which_nothing_is_left_are_no_plans) {
  Pipeline pipeline(limits_of(4, 16));
  pipeline.admit(1, tokens_from(0, 8), 9);
  (void)pipeline.plan();
  (void)pipeline.plan();
  pipeline.commit({1});
  EXPECT_FALSE(pipeline.runs());
  pipeline.admit(2, tokens_from(100, 7), 1);
  EXPECT_EQ(pipeline.plan().size(), 1U);
  pipeline.commit();
  EXPECT_EQ(pipeline.scheduler.counts().blocks_held, 0);
}

TEST(PlansAhead, have_no_slice_of_who_waits_for_its_tokens) {
  Pipeline pipeline(limits_of(4, 32));
  pipeline.admit(1, tokens_from(0, 20), 9, 3, true);
  (void)pipeline.plan();
  EXPECT_EQ(pipeline.plan()[0].end, 20) << "its prompt waits for nothing";
  pipeline.commit();
  pipeline.admit(2, tokens_from(100, 4), 9);
  EXPECT_FALSE(has_slice(pipeline.plan(), 1));
  pipeline.commit();
  EXPECT_TRUE(has_slice(pipeline.plan(), 1));
  pipeline.commit();
  EXPECT_FALSE(has_slice(pipeline.plan(), 1));
  pipeline.commit();
}

TEST(PlansAhead, have_no_slice_of_one_whose_guesses_are_not_judged_yet) {
  Limits limits = ahead(limits_of(4, 64));
  Scheduler scheduler(limits);
  SequenceDemand demand{.id = {1}, .prompt = tokens_from(0, 5), .length_max = 40, .step_tokens_max = 9, .client = {}};
  ASSERT_TRUE(scheduler.admit(demand));
  for (int64_t step = 1; step <= 2; ++step) {
    ASSERT_EQ(scheduler.plan(step).slices.size(), 1U);
    scheduler.commit(std::vector{SliceOutcome{.sequence = {1}, .sampled = 7}});
    scheduler.observe({.streams = 1, .step_ns = 1'000'000});
  }
  scheduler.guess({1}, tokens_from(500, 3));
  ASSERT_EQ(scheduler.plan(3).slices[0].drafted, 3);
  EXPECT_TRUE(scheduler.plan(4).slices.empty());
  scheduler.check_invariants();
  const std::vector<TokenId> right{501};
  scheduler.commit(std::vector{SliceOutcome{.sequence = {1}, .sampled = 500, .forced = right, .accepted = 1}});
  scheduler.check_invariants();
  EXPECT_EQ(scheduler.find({1})->computed, 8);
  EXPECT_EQ(scheduler.plan(5).slices[0].begin, 8);
}

TEST(PlansAhead, share_nothing_of_the_step_that_runs_before_it_has_ended) {
  Pipeline pipeline(limits_of(4, 64));
  pipeline.admit(1, tokens_from(0, 30), 3);
  pipeline.admit(2, tokens_from(0, 30), 3);
  EXPECT_EQ(pipeline.plan().size(), 1U);
  const auto slices = pipeline.plan();
  ASSERT_EQ(slices.size(), 1U) << "what runs is waited for, as what is planned";
  EXPECT_EQ(slices[0].sequence, SequenceId{1});
  EXPECT_TRUE(pipeline.sequence(2).blocks.empty());
  pipeline.commit();
  (void)pipeline.plan();
  EXPECT_EQ(pipeline.sequence(2).computed, 16);
  pipeline.commit();
  while (pipeline.runs()) pipeline.step();
}

TEST(PlansAhead, cost_equal_prompts_nothing) {
  Pipeline pipeline(limits_of(4, 64, 8, 16));
  for (uint64_t id = 1; id <= 6; ++id) pipeline.admit(id, tokens_from(0, 33), 1);
  pipeline.step();
  while (pipeline.runs()) pipeline.step();
  EXPECT_EQ(pipeline.rows_issued, 32 + 6);
}

TEST(PlansAhead, a_cancel_while_a_step_runs_returns_the_blocks_and_voids_the_rows) {
  Pipeline pipeline(limits_of(4, 16));
  pipeline.admit(1, tokens_from(0, 8), 9);
  pipeline.admit(2, tokens_from(100, 8), 9);
  (void)pipeline.plan();
  EXPECT_TRUE(pipeline.scheduler.cancel({1}));
  pipeline.scheduler.check_invariants();
  EXPECT_EQ(pipeline.scheduler.counts().blocks_held, 2);
  pipeline.admit(3, tokens_from(200, 8), 9);
  const auto slices = pipeline.plan();
  EXPECT_FALSE(has_slice(slices, 1));
  EXPECT_TRUE(has_slice(slices, 3)) << "what comes behind the step may have its blocks";
  pipeline.commit();
  EXPECT_EQ(pipeline.scheduler.counts().voided_rows, 8);
  EXPECT_EQ(pipeline.scheduler.counts().blocks_cached, 0) << "nobody publishes what it has computed";
  while (pipeline.runs()) pipeline.step();
}

// Blocks for one and a half: a more urgent one takes those of a stream, while a step computes its next row.
TEST(PlansAhead, who_loses_its_blocks_while_a_step_runs_keeps_its_token) {
  Pipeline pipeline(limits_of(4, 6));
  pipeline.admit(1, tokens_from(0, 9), 6);
  (void)pipeline.plan();
  (void)pipeline.plan();
  pipeline.commit();
  pipeline.admit(2, tokens_from(100, 16), 6, 0);
  const auto slices = pipeline.plan();
  ASSERT_EQ(slices.size(), 1U);
  EXPECT_EQ(slices[0].sequence, SequenceId{2});
  EXPECT_EQ(pipeline.sequence(1).state, SequenceState::parked);
  EXPECT_TRUE(pipeline.sequence(1).blocks.empty());
  pipeline.commit();
  EXPECT_EQ(pipeline.sequence(1).length(), 11);
  EXPECT_EQ(pipeline.sequence(1).computed, 0);
  EXPECT_EQ(pipeline.scheduler.counts().voided_rows, 1);
  while (pipeline.runs()) pipeline.step();
  EXPECT_EQ(pipeline.scheduler.counts().blocks_held, 0);
}

// Just as many window blocks as a row needs: those of the next one come when the row that is computed has let go.
TEST(PlansAhead, who_lacks_memory_waits_for_the_step_that_may_let_go_of_some) {
  Limits limits = limits_of(2, 32);
  limits.window_tokens = 4;
  limits.window_block_count = 3;
  Pipeline pipeline(limits);
  pipeline.admit(1, tokens_from(0, 5), 12);
  pipeline.step();
  while (pipeline.runs() || pipeline.scheduler.counts().running > 0) pipeline.step();
  EXPECT_EQ(pipeline.scheduler.counts().preemptions, 0);
  EXPECT_EQ(pipeline.scheduler.counts().windows.held, 0);
}

TEST(PlansAhead, write_one_snapshot_at_a_time_for_the_sequence_itself) {
  Limits limits = limits_of(2, 64);
  limits.state_count = 12;
  limits.snapshot_tokens = 64;
  limits.step_tokens_max = 4;
  Pipeline pipeline(limits);
  pipeline.admit(1, tokens_from(0, 41), 10);
  int32_t most = 0;
  pipeline.step();
  for (; pipeline.runs(); pipeline.step()) most = std::max(most, pipeline.scheduler.counts().states.cached);
  EXPECT_LE(most, 3) << "the prompt's, and the last one before and after a step";
  EXPECT_EQ(pipeline.scheduler.counts().states.held, 0);
}

// Twice the tokens of the pool, and those that may be generated until clients are compared again: of each of the 8 that
// run, behind the first of a step, and all of another step.
TEST(PlansAhead, leave_room_between_clients_for_all_that_two_steps_generate) {
  for (const int32_t plans_ahead : {0, 1}) {
    Limits limits = limits_of(4, 16);
    limits.plans_ahead = plans_ahead;
    Driver driver(limits);
    driver.forced[1] = 3;
    driver.admit(1, tokens_from(0, 8), 9);
    EXPECT_EQ(driver.scheduler.counts().service_bound, 2 * (64 + 8 * (plans_ahead == 0 ? 3 : 7)));
  }
}

TEST(PlansAhead, are_made_of_one_step_at_a_time) {
  Pipeline pipeline(limits_of(4, 16));
  pipeline.admit(1, tokens_from(0, 8), 9);
  (void)pipeline.plan();
  (void)pipeline.plan();
  EXPECT_DEATH(pipeline.scheduler.plan(9), "a plan is committed before the next one");
  EXPECT_DEATH(pipeline.scheduler.cancel({1}), "a cancel comes before the plan");
  EXPECT_DEATH(pipeline.scheduler.guess({1}, {}), "a guess comes before the plan");
  Limits limits = limits_of(4, 16);
  limits.plans_ahead = 2;
  EXPECT_DEATH(Scheduler{limits}, "one step runs while another is planned");
}

TEST(PlansAhead, that_counted_on_what_did_not_come_stop_the_program) {
  Pipeline pipeline(limits_of(4, 16));
  pipeline.admit(1, tokens_from(0, 8), 9);
  (void)pipeline.plan();
  (void)pipeline.plan();
  const std::vector<TokenId> left = tokens_from(0, 6);
  EXPECT_DEATH(pipeline.scheduler.commit(std::vector{SliceOutcome{.sequence = {1}, .sampled = 7, .anew = left}}),
               "counts on one token");
  EXPECT_DEATH(pipeline.scheduler.commit(std::vector{SliceOutcome{.sequence = {1}, .voided = true}}),
               "an outcome belongs to a slice of the plan");
}

}  // namespace
}  // namespace quire::test
