// Window blocks and states: what sequences hold of them, what they find, and who starts.
#include <gtest/gtest.h>

#include "driver.h"

namespace quire::test {
namespace {

// Blocks of two tokens.
Limits with_windows(int32_t window_tokens, int32_t window_block_count, int32_t block_count = 64) {
  Limits limits = limits_of(2, block_count);
  limits.window_tokens = window_tokens;
  limits.window_block_count = window_block_count;
  return limits;
}

Limits with_states(int32_t state_count, int32_t snapshot_tokens = 2048, int32_t block_count = 64) {
  Limits limits = limits_of(2, block_count);
  limits.state_count = state_count;
  limits.snapshot_tokens = snapshot_tokens;
  return limits;
}

// Where a sequence's first held window block is.
size_t first_window(const Sequence& sequence) {
  const auto at = std::ranges::find_if(sequence.window_blocks, [](BlockId block) { return block.valid(); });
  return static_cast<size_t>(at - sequence.window_blocks.begin());
}

TEST(MemoryClasses, a_sequence_lets_go_of_the_window_blocks_that_no_later_row_sees) {
  Driver driver(with_windows(4, 32));
  driver.admit(1, tokens_from(0, 9), 8);
  driver.step();
  const Sequence& sequence = *driver.scheduler.find({1});
  EXPECT_EQ(sequence.window_blocks.size(), sequence.blocks.size());
  EXPECT_EQ(first_window(sequence), 3U) << "the row at 9 sees 6 to 9";
  EXPECT_EQ(driver.scheduler.counts().windows.held, 2);
  EXPECT_EQ(driver.scheduler.counts().windows.cached, 3) << "what was published stays findable";
  driver.step();
  EXPECT_EQ(first_window(sequence), 3U) << "the row at 10 sees 7";
  driver.step();
  EXPECT_EQ(first_window(sequence), 4U);
  driver.run();
  EXPECT_EQ(driver.scheduler.counts().windows.held, 0);
}

TEST(MemoryClasses, a_hit_has_the_window_blocks_of_its_end_only) {
  Driver driver(with_windows(4, 32));
  driver.admit(1, tokens_from(0, 13), 1);
  driver.run();
  driver.admit(2, tokens_from(0, 13), 1);
  const auto slices = driver.step();
  EXPECT_EQ(slices[0].begin, 12);
  EXPECT_EQ(driver.scheduler.counts().prefix_hit_tokens, 12);
}

TEST(MemoryClasses, a_hit_ends_where_window_blocks_have_gone) {
  Driver driver(with_windows(4, 8));
  driver.admit(1, tokens_from(0, 11), 1);  // five full blocks
  driver.run();
  driver.admit(2, tokens_from(1000, 9), 3);  // takes the three free ones and the three oldest
  driver.run();
  driver.admit(3, tokens_from(0, 13), 1);
  EXPECT_EQ(driver.step()[0].begin, 10) << "the last two are there";
  driver.admit(4, tokens_from(2000, 13), 1);
  driver.run();
  driver.admit(5, tokens_from(0, 13), 1);
  EXPECT_EQ(driver.step()[0].begin, 0) << "the path is, but not what the next row sees";
}

TEST(MemoryClasses, a_prompt_is_cut_to_the_window_blocks_there_are) {
  Driver driver(with_windows(4, 4));
  driver.admit(1, tokens_from(0, 30), 2);
  EXPECT_EQ(driver.step()[0].end, 8) << "four blocks, though the step has room for 16";
  driver.run();
  EXPECT_EQ(driver.scheduler.counts().windows.held, 0);
}

TEST(MemoryClasses, a_request_whose_window_could_never_fit_is_refused_saying_what_it_needs_and_what_there_is) {
  Driver driver(with_windows(8, 4));
  const Result<void> refused = driver.scheduler.admit(driver.demand(1, tokens_from(0, 20), 5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::too_large);
  EXPECT_NE(refused.error().message.find("needs 5 window blocks of 2 tokens"), std::string::npos)
      << refused.error().message;
  EXPECT_NE(refused.error().message.find("there are 4"), std::string::npos);
  driver.admit(2, tokens_from(0, 5), 3);  // all of it fits
  driver.run();
}

TEST(MemoryClasses, one_starts_when_every_class_has_room_for_it) {
  Driver driver(with_windows(4, 9));
  driver.admit(1, tokens_from(0, 8), 20);
  driver.step();
  driver.admit(2, tokens_from(100, 8), 20);
  driver.step();
  EXPECT_EQ(driver.state(2), SequenceState::running) << "three blocks, and six for its prompt";
  driver.admit(3, tokens_from(200, 8), 20);
  driver.step();
  EXPECT_EQ(driver.state(3), SequenceState::waiting);
  EXPECT_GT(driver.scheduler.counts().blocks_free, 20);
  driver.run();
}

TEST(MemoryClasses, window_blocks_go_out_of_use_by_a_limit_of_their_own) {
  Driver driver(with_windows(4, 12));
  driver.admit(1, tokens_from(0, 13), 1);
  driver.run();
  EXPECT_EQ(driver.scheduler.counts().windows.cached, 6);
  driver.scheduler.set_block_limit(4, MemoryClass::window);
  driver.admit(2, tokens_from(50, 3), 3);
  driver.step();
  EXPECT_EQ(driver.scheduler.counts().windows.withheld, 8);
  EXPECT_FALSE(driver.scheduler.withheld_blocks(MemoryClass::window).empty());
  EXPECT_EQ(driver.scheduler.counts().blocks_withheld, 0);
  driver.scheduler.set_block_limit(0, MemoryClass::window);
  EXPECT_EQ(driver.scheduler.counts().windows.limit, 3) << "what the one that was let in may need";
  driver.run();
}

TEST(MemoryClasses, guesses_let_go_of_nothing_that_a_certain_row_will_see) {
  Limits limits = with_windows(4, 32);
  Scheduler scheduler(limits);
  SequenceDemand demand{.id = {1}, .prompt = tokens_from(0, 8), .length_max = 40, .step_tokens_max = 9, .client = {}};
  ASSERT_TRUE(scheduler.admit(demand));
  const auto step = [&](int64_t now, int32_t accepted) {
    const std::vector<Slice> slices = scheduler.plan(now).slices;
    scheduler.check_invariants();
    const Sequence& sequence = *scheduler.find({1});
    const std::vector<TokenId> forced(sequence.draft.begin() + (accepted > 0 ? 1 : 0),
                                      sequence.draft.begin() + accepted);
    const TokenId sampled = accepted > 0 ? sequence.draft[0] : 900;
    scheduler.commit(
        std::vector{SliceOutcome{.sequence = {1}, .sampled = sampled, .forced = forced, .accepted = accepted}});
    scheduler.observe({.streams = 1, .step_ns = 1'000'000});
    scheduler.check_invariants();
    return slices[0];
  };
  step(1, 0);
  step(2, 0);
  scheduler.guess({1}, tokens_from(500, 6));
  const Slice slice = step(3, 0);
  ASSERT_EQ(slice.drafted, 6);
  const Sequence& sequence = *scheduler.find({1});
  ASSERT_EQ(sequence.computed, 10);
  EXPECT_EQ(first_window(sequence), 3U) << "none of the guesses was right, and the row at 10 sees 7";
  EXPECT_EQ(sequence.window_blocks.size(), 5U);
}

TEST(MemoryClasses, a_hit_goes_on_from_the_deepest_snapshot) {
  Driver driver(with_states(8, 4));
  driver.admit(1, tokens_from(0, 11), 1);
  driver.run();
  EXPECT_EQ(driver.scheduler.counts().states.cached, 3) << "at 4, at 8, and at 10, before the prompt's last token";
  std::vector<TokenId> other = tokens_from(0, 7);
  other.push_back(77);
  other.push_back(78);
  driver.admit(2, other, 1);
  EXPECT_EQ(driver.step()[0].begin, 4) << "three blocks are equal, and a snapshot is behind the second";
  driver.admit(3, tokens_from(0, 11), 1);
  EXPECT_EQ(driver.step()[0].begin, 10);
  driver.run();
}

TEST(MemoryClasses, one_that_leaves_the_path_of_another_writes_a_snapshot_there) {
  Driver driver(with_states(8));
  driver.admit(1, tokens_from(0, 11), 1);
  driver.run();
  const auto leaving = [&](uint64_t id) {
    std::vector<TokenId> prompt = tokens_from(0, 6);
    for (int32_t more = 0; more < 5; ++more) prompt.push_back(static_cast<TokenId>(id * 100) + more);
    return prompt;
  };
  driver.admit(2, leaving(2), 1);
  EXPECT_EQ(driver.step()[0].begin, 0);
  driver.admit(3, leaving(3), 1);
  EXPECT_EQ(driver.step()[0].begin, 6) << "the second one has written it in passing";
  driver.run();
}

TEST(MemoryClasses, the_last_snapshot_follows_its_sequence) {
  Driver driver(with_states(8));
  driver.admit(1, tokens_from(0, 5), 20);
  driver.step();
  EXPECT_EQ(driver.scheduler.counts().states.cached, 1);
  for (int step = 0; step < 8; ++step) driver.step();
  EXPECT_EQ(driver.scheduler.counts().states.cached, 2) << "the prompt's, and one more";
  EXPECT_EQ(driver.scheduler.counts().states.held, 1);
  std::vector<TokenId> next = driver.scheduler.find({1})->tokens;
  ASSERT_EQ(next.size(), 14U);
  driver.scheduler.cancel({1});
  driver.admit(2, next, 1);
  EXPECT_EQ(driver.step()[0].begin, 12) << "the next turn computes less than a block of what was said";
}

TEST(MemoryClasses, a_sequence_needs_a_state_to_start) {
  Driver driver(with_states(2));
  for (uint64_t id = 1; id <= 3; ++id) driver.admit(id, tokens_from(static_cast<TokenId>(id * 100), 6), 8);
  driver.step();
  EXPECT_EQ(driver.state(2), SequenceState::running);
  EXPECT_EQ(driver.state(3), SequenceState::waiting);
  EXPECT_EQ(driver.scheduler.counts().states.cached, 0) << "there is no snapshot where there is no state for one";
  driver.run();
  EXPECT_EQ(driver.scheduler.counts().preemptions, 0);
}

TEST(MemoryClasses, where_no_other_state_is_to_be_had_the_snapshot_becomes_the_sequences_own) {
  Driver driver(with_states(2));
  driver.admit(1, tokens_from(0, 7), 1);
  driver.run();
  ASSERT_EQ(driver.scheduler.counts().states.cached, 1);
  driver.scheduler.set_block_limit(1, MemoryClass::state);
  driver.admit(2, tokens_from(0, 7), 3);
  EXPECT_EQ(driver.step()[0].begin, 6);
  EXPECT_EQ(driver.scheduler.counts().states.held, 1);
  EXPECT_TRUE(driver.scheduler.fresh_blocks(MemoryClass::state).empty()) << "it holds what is to be read";
  driver.run();
}

TEST(MemoryClasses, equal_prompts_that_arrive_together_cost_one) {
  for (const Limits& limits : {with_windows(4, 60), with_states(12)}) {
    Driver driver(limits);
    for (uint64_t id = 1; id <= 4; ++id) driver.admit(id, tokens_from(0, 33), 2);
    driver.run();
    EXPECT_LE(driver.rows_computed, 33 + 3 * 1 + 4) << "a prompt, three last tokens, four that were chosen";
  }
}

TEST(MemoryClasses, a_parked_sequence_keeps_its_state_until_memory_is_needed) {
  Limits limits = with_states(4);
  limits.running_max = 1;
  Driver driver(limits);
  driver.admit(1, tokens_from(0, 7), 9);
  driver.step();
  driver.step();
  SequenceDemand urgent = driver.demand(2, tokens_from(100, 4), 2);
  urgent.priority = 0;
  ASSERT_TRUE(driver.scheduler.admit(std::move(urgent)));
  driver.step();
  ASSERT_EQ(driver.state(1), SequenceState::parked);
  EXPECT_TRUE(driver.scheduler.find({1})->own_state.valid());
  driver.run();
  EXPECT_EQ(driver.scheduler.counts().recomputed_tokens, 0);
}

}  // namespace
}  // namespace quire::test
