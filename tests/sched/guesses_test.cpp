// Rows for guessed tokens: who gets them, and what is left of those that were wrong.
#include <gtest/gtest.h>

#include "sched/driver.h"

namespace quire::test {
namespace {

class Guesses : public testing::Test {
 protected:
  void admit(uint64_t id, int32_t prompt, int32_t answer) {
    SequenceDemand one{.id = {id}, .prompt = tokens_from(static_cast<TokenId>(1000 * id), prompt), .client = {}};
    one.length_max = prompt + answer;
    one.step_tokens_max = 9;
    ASSERT_TRUE(scheduler_.admit(std::move(one)));
  }

  // One step, in which the first `accepted` of each sequence's guesses are right.
  std::vector<Slice> step(int32_t accepted = 0, int64_t step_ns = 1'000'000) {
    const std::vector<Slice> slices = scheduler_.plan(++now_ns_).slices;
    scheduler_.check_invariants();
    StepObservation observation{.step_ns = step_ns};
    std::vector<std::vector<TokenId>> said;
    std::vector<SliceOutcome> outcomes;
    for (const Slice& slice : slices) {
      const int32_t right = std::min(accepted, slice.drafted);
      const std::vector<TokenId>& draft = scheduler_.find(slice.sequence)->draft;
      said.emplace_back(draft.begin(), draft.begin() + right).push_back(77);
      SliceOutcome outcome{.sequence = slice.sequence, .sampled = {}, .accepted = right};
      if (slice.samples) {
        outcome.sampled = said.back().front();
        outcome.forced = std::span(said.back()).subspan(1);
      }
      outcomes.push_back(outcome);
      observation.streams += slice.samples && slice.end - slice.begin - slice.drafted == 1 ? 1 : 0;
      observation.draft_rows += slice.drafted;
      observation.prompt_rows += slice.end - slice.begin - slice.drafted;
    }
    observation.prompt_rows -= observation.streams;
    scheduler_.commit(outcomes);
    scheduler_.check_invariants();
    scheduler_.observe(observation);
    return slices;
  }

  static int32_t drafted(const std::vector<Slice>& slices) {
    int32_t rows = 0;
    for (const Slice& slice : slices) rows += slice.drafted;
    return rows;
  }

  void guess(uint64_t id, int32_t count) { scheduler_.guess({id}, tokens_from(500, count)); }
  const Sequence& sequence(uint64_t id) const { return *scheduler_.find({id}); }

  Scheduler scheduler_{limits_of(4, 400)};
  int64_t now_ns_ = 0;
};

TEST_F(Guesses, are_rows_of_a_stream_whose_steps_are_known) {
  admit(1, 5, 20);
  step();
  guess(1, 3);
  EXPECT_EQ(step()[0].drafted, 0) << "what a step takes without them is not known yet";
  guess(1, 3);
  const Slice slice = step()[0];
  EXPECT_EQ(slice.drafted, 3);
  EXPECT_EQ(slice.end - slice.begin, 4);
}

TEST_F(Guesses, that_were_right_are_computed_and_others_leave_no_block) {
  admit(1, 6, 20);
  step();
  step();
  ASSERT_EQ(sequence(1).length(), 8);
  guess(1, 3);
  step(2);
  EXPECT_EQ(sequence(1).length(), 11);
  EXPECT_EQ(sequence(1).computed, 10);
  guess(1, 3);
  EXPECT_EQ(step(0)[0].drafted, 3);
  EXPECT_EQ(sequence(1).length(), 12);
  EXPECT_EQ(sequence(1).computed, 11);
  EXPECT_EQ(sequence(1).blocks.size(), 3U) << "of 4 tokens";
}

TEST_F(Guesses, are_for_the_next_plan_alone) {
  admit(1, 5, 20);
  step();
  step();
  guess(1, 3);
  EXPECT_EQ(step()[0].drafted, 3);
  EXPECT_EQ(step()[0].drafted, 0);
}

TEST_F(Guesses, take_no_rows_that_a_prompt_could_have) {
  admit(1, 5, 20);
  step();
  step();
  admit(2, 6, 4);
  guess(1, 3);
  const std::vector<Slice> slices = step();
  EXPECT_EQ(slice_of(slices, 1)->drafted, 0);
  EXPECT_NE(slice_of(slices, 2), nullptr);
}

TEST_F(Guesses, park_nobody_for_want_of_blocks) {
  admit(1, 5, 6);
  admit(2, 5, 6);
  step();
  step();
  ASSERT_EQ(sequence(1).blocks.size() + sequence(2).blocks.size(), 4U);
  scheduler_.set_block_limit(4);
  guess(1, 3);  // the third of which would lie in another block
  const std::vector<Slice> slices = step();
  ASSERT_EQ(slices.size(), 2U) << "both run";
  EXPECT_EQ(slice_of(slices, 1)->drafted, 0);
}

TEST_F(Guesses, are_tried_again_after_a_step_with_them_was_slow) {
  for (uint64_t id = 1; id <= 3; ++id) admit(id, 5, 500);
  step();
  step();
  guess(1, 1);
  ASSERT_EQ(drafted(step(1, 50'000'000)), 1) << "somebody else had the core";
  int steps = 0;
  for (int32_t tried = 0; tried < 3 && steps < 250; ++steps) {
    guess(1, 1);
    tried += drafted(step(1));
  }
  EXPECT_LT(steps, 250) << "an estimate that keeps a row from being tried is not kept for good";
  guess(1, 1);
  EXPECT_EQ(drafted(step(1)), 1) << "and what tries said since then counts";
}

TEST_F(Guesses, are_part_of_what_a_step_is_expected_to_take) {
  admit(1, 5, 60);
  step();
  step();
  EXPECT_EQ(scheduler_.expected_step_ns(1, 0, 0), 1'000'000);
  EXPECT_EQ(scheduler_.expected_step_ns(1, 0, 3), 0) << "not known";
  guess(1, 3);
  ASSERT_EQ(drafted(step(3, 1'300'000)), 3);
  EXPECT_EQ(scheduler_.expected_step_ns(1, 0, 2), 1'200'000);
}

TEST_F(Guesses, that_have_a_price_are_asked_for_where_they_would_have_rows) {
  const auto bound = [&](int32_t most) {
    std::vector<GuessBound> bounds = {{.sequence = {1}, .most = most}};
    scheduler_.bound_guesses(bounds);
    return bounds[0].most;
  };
  admit(1, 5, 60);
  step();
  EXPECT_EQ(bound(6), 0) << "what a step takes without them is not known yet";
  step();
  const int32_t rows = bound(6);
  EXPECT_GT(rows, 0);
  guess(1, rows);
  EXPECT_EQ(step(rows)[0].drafted, rows) << "and they have them";
  EXPECT_EQ(bound(2), 2);
  admit(2, 9, 4);
  while (sequence(2).length() == 9) step();
  EXPECT_EQ(bound(6), 0) << "none was seen with two streams";
}

TEST_F(Guesses, that_have_a_price_are_not_asked_for_beside_a_prompt) {
  admit(1, 5, 60);
  step();
  step();
  admit(2, 600, 4);
  step();
  std::vector<GuessBound> bounds = {{.sequence = {1}, .most = 6}};
  scheduler_.bound_guesses(bounds);
  EXPECT_EQ(bounds[0].most, 0);
}

}  // namespace
}  // namespace quire::test
