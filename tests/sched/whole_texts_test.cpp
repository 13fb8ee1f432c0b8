// Of a model whose rows see all of their text: each text is computed in one step, as many together as a step has rows.
#include <gtest/gtest.h>

#include "driver.h"

namespace quire::test {
namespace {

// A pool of 32 positions, steps of 16.
Limits whole_limits() {
  Limits limits = limits_of(4, 8);
  limits.whole_texts = true;
  return limits;
}

// Ends each text with its slice. The slices it had.
std::vector<Slice> step(Scheduler& scheduler, int64_t now_ns = 1) {
  std::vector<Slice> slices = scheduler.plan(now_ns).slices;
  scheduler.check_invariants();
  std::vector<SliceOutcome> outcomes;
  for (const Slice& slice : slices) outcomes.push_back({.sequence = slice.sequence, .sampled = {}, .finished = true});
  scheduler.commit(outcomes);
  scheduler.check_invariants();
  return slices;
}

std::vector<uint64_t> ids(const std::vector<Slice>& slices) {
  std::vector<uint64_t> all;
  for (const Slice& slice : slices) all.push_back(slice.sequence.value);
  return all;
}

using Ids = std::vector<uint64_t>;

TEST(WholeTexts, as_many_as_a_step_has_rows_for_are_computed_together_each_in_one_slice) {
  Driver driver(whole_limits());
  for (const uint64_t id : {1, 2, 3, 4}) driver.admit(id, tokens_from(0, 5), 0);
  const std::vector<Slice> first = step(driver.scheduler);
  EXPECT_EQ(ids(first), (Ids{1, 2, 3})) << "15 of 16 rows";
  for (const Slice& slice : first) {
    EXPECT_EQ(slice.begin, 0);
    EXPECT_EQ(slice.end, 5);
    EXPECT_TRUE(slice.samples);
  }
  EXPECT_EQ(ids(step(driver.scheduler)), Ids{4});
  EXPECT_TRUE(step(driver.scheduler).empty());
}

TEST(WholeTexts, one_that_is_longer_than_a_step_is_computed_alone_and_overtaken_by_nobody) {
  Driver driver(whole_limits());
  driver.admit(1, tokens_from(0, 3), 0);
  driver.admit(2, tokens_from(0, 30), 0);
  driver.admit(3, tokens_from(0, 3), 0);
  EXPECT_EQ(ids(step(driver.scheduler)), Ids{1}) << "the third one fits, and waits for its turn";
  EXPECT_EQ(driver.scheduler.find({2})->state, SequenceState::waiting);
  const std::vector<Slice> long_one = step(driver.scheduler);
  EXPECT_EQ(ids(long_one), Ids{2});
  EXPECT_EQ(long_one[0].end, 30);
  EXPECT_EQ(ids(step(driver.scheduler)), Ids{3});
}

TEST(WholeTexts, who_waits_for_rows_is_told_so) {
  Driver driver(whole_limits());
  driver.admit(1, tokens_from(0, 10), 0);
  driver.admit(2, tokens_from(0, 10), 0);
  driver.scheduler.plan(1);
  std::vector<SequenceView> views;
  driver.scheduler.view(views);
  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views[1].reason, WaitReason::step);
}

TEST(WholeTexts, nothing_of_a_text_is_found_by_another_one) {
  Driver driver(whole_limits());
  driver.admit(1, tokens_from(0, 8), 0);
  driver.admit(2, tokens_from(0, 8), 0);
  driver.admit(3, tokens_from(0, 12), 0);
  EXPECT_EQ(ids(step(driver.scheduler)), (Ids{1, 2})) << "equal ones do not wait for each other";
  EXPECT_EQ(driver.scheduler.counts().blocks_cached, 0) << "what begins a longer text has seen another end";
  const std::vector<Slice> longer = step(driver.scheduler);
  ASSERT_EQ(ids(longer), Ids{3});
  EXPECT_EQ(longer[0].begin, 0);
}

TEST(WholeTexts, a_text_of_one_token_is_no_stream) {
  Limits limits = whole_limits();
  limits.target_gap_ns = 1;  // beside streams prompts would get next to nothing
  limits.prompt_rows_min = 1;
  Driver driver(limits);
  driver.admit(1, tokens_from(0, 1), 0);
  driver.admit(2, tokens_from(0, 14), 0);
  EXPECT_EQ(ids(step(driver.scheduler)), (Ids{1, 2}));
}

TEST(WholeTexts, more_urgent_ones_go_first_and_clients_take_turns) {
  Driver driver(whole_limits());
  for (const uint64_t id : {1, 2, 3, 4, 5}) {
    SequenceDemand demand = driver.demand(id, tokens_from(0, 9), 0);
    demand.client = id <= 3 ? "a" : "b";
    if (id == 5) demand.priority = 0;
    ASSERT_TRUE(driver.scheduler.admit(std::move(demand)));
  }
  std::vector<uint64_t> order;
  for (int turn = 0; turn < 5; ++turn) order.push_back(ids(step(driver.scheduler)).at(0));
  EXPECT_EQ(order, (Ids{5, 1, 4, 2, 3}));
}

TEST(WholeTexts, as_many_run_as_there_are_seats) {
  Limits limits = whole_limits();
  limits.running_max = 3;
  limits.parallel_start = 1;  // of streams
  Driver driver(limits);
  for (const uint64_t id : {1, 2, 3, 4}) driver.admit(id, tokens_from(0, 2), 0);
  EXPECT_EQ(ids(step(driver.scheduler)), (Ids{1, 2, 3}));
}

TEST(WholeTextsDeathTest, an_answer_behind_a_whole_text_stops_the_program) {
  Driver driver(whole_limits());
  EXPECT_DEATH(static_cast<void>(driver.scheduler.admit(driver.demand(1, tokens_from(0, 3), 1))), "ends with its step");
}

}  // namespace
}  // namespace quire::test
