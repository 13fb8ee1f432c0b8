// The simulator's own eyes: a wrong row anywhere must become a wrong token.
#include "sim/fake_executor.h"

#include <gtest/gtest.h>

#include "world_driver.h"

namespace quire::sim::test {
namespace {

constexpr Limits limits{.block_tokens = 2, .block_count = 8, .context_tokens = 16};

// Logits after `tokens` were computed into `blocks`, by way of `executor`.
std::vector<float> logits_of(FakeExecutor& executor, const std::vector<TokenId>& tokens,
                             const std::vector<RowOrigin>& origins, const std::vector<BlockId>& blocks,
                             int32_t begin = 0) {
  const int32_t rows = static_cast<int32_t>(tokens.size());
  const std::vector<BatchSlice> slices = {
      {.sequence = {1}, .row_begin = 0, .row_end = rows, .position_begin = begin, .blocks = blocks, .logits_row = 0}};
  std::vector<SliceFailure> failures;
  const Logits logits =
      executor.forward({.tokens = tokens, .origins = origins, .slices = slices, .logits_rows = 1}, failures);
  EXPECT_TRUE(failures.empty());
  return {logits.values.begin(), logits.values.end()};
}

constexpr RowOrigin prompt = RowOrigin::prompt, generated = RowOrigin::generated;

TEST(FakeExecutor, slices_and_blocks_do_not_change_the_bits) {
  FakeExecutor executor(limits, vocab_size, {}, {});
  const auto whole = logits_of(executor, {3, 4, 5}, {prompt, prompt, prompt}, {{0}, {1}});
  logits_of(executor, {3, 4}, {prompt, prompt}, {{5}});
  EXPECT_EQ(logits_of(executor, {5}, {prompt}, {{5}, {2}}, 2), whole);
  EXPECT_FALSE(executor.misread());
}

TEST(FakeExecutor, another_token_order_or_prefix_changes_them) {
  FakeExecutor executor(limits, vocab_size, {}, {});
  const auto right = logits_of(executor, {3, 4, 5, 6}, {prompt, prompt, prompt, prompt}, {{0}, {1}});
  EXPECT_NE(logits_of(executor, {4, 3, 5, 6}, {prompt, prompt, prompt, prompt}, {{2}, {3}}), right);
  // The first block of one and the second of another whose prefix differs.
  logits_of(executor, {3, 4, 5, 6, 7}, {prompt, prompt, prompt, prompt, prompt}, {{0}, {1}, {6}});
  const auto after = logits_of(executor, {7}, {prompt}, {{0}, {1}, {6}}, 4);
  EXPECT_NE(logits_of(executor, {7}, {prompt}, {{0}, {3}, {6}}, 4), after);
  EXPECT_FALSE(executor.misread()) << "positions were right all the time";
}

TEST(FakeExecutor, another_origin_changes_them_where_prompt_rows_differ) {
  for (const bool differ : {false, true}) {
    Limits of_rows = limits;
    of_rows.prompt_rows_differ = differ;
    FakeExecutor executor(of_rows, vocab_size, {}, {});
    const auto prompts = logits_of(executor, {3, 4, 5, 6}, {prompt, prompt, prompt, prompt}, {{0}, {1}});
    EXPECT_EQ(logits_of(executor, {3, 4, 5, 6}, {prompt, prompt, generated, prompt}, {{4}, {5}}) != prompts, differ);
  }
}

TEST(FakeExecutor, a_forgotten_or_misplaced_row_is_seen) {
  FakeExecutor executor(limits, vocab_size, {}, {});
  logits_of(executor, {3, 4, 5, 6}, {prompt, prompt, prompt, prompt}, {{0}, {1}});
  executor.forget(MemoryClass::full, std::vector<BlockId>{{1}});
  logits_of(executor, {7}, {prompt}, {{0}, {1}, {2}}, 4);
  ASSERT_TRUE(executor.misread());
  EXPECT_EQ(*executor.misread(), "sequence 1 reads at position 2 a row of position -1");
}

TEST(FakeExecutor, a_step_computes_what_it_was_issued_with) {
  Limits ahead = limits;
  ahead.plans_ahead = 1;
  FakeExecutor waited(ahead, vocab_size, {}, {}), changed(ahead, vocab_size, {}, {});
  std::vector<std::vector<float>> said;
  for (FakeExecutor* executor : {&waited, &changed}) {
    std::vector<TokenId> tokens = {3, 4, 5};
    std::vector<RowOrigin> origins(3, prompt);
    std::vector<BlockId> blocks = {{0}, {1}};
    std::vector<BatchSlice> slices = {
        {.sequence = {1}, .row_end = 3, .blocks = blocks, .logits_row = 0, .logits_rows = 1}};
    executor->issue({.tokens = tokens, .origins = origins, .slices = slices, .logits_rows = 1});
    if (executor == &changed) {
      tokens = {6, 6, 6};
      blocks = {{2}, {3}};
      slices.clear();
    }
    std::vector<SliceFailure> failures;
    const Logits logits = executor->finish(failures);
    said.emplace_back(logits.values.begin(), logits.values.end());
  }
  EXPECT_EQ(said[0], said[1]);
  EXPECT_FALSE(changed.misread());
}

TEST(FakeExecutor, whatever_comes_while_a_step_runs_is_seen) {
  const std::vector<BlockId> blocks = {{0}, {1}};
  for (const bool discards : {false, true}) {
    FakeExecutor executor(limits, vocab_size, {}, {});
    const std::vector<TokenId> tokens = {3, 4};
    const std::vector<RowOrigin> origins(2, prompt);
    const std::vector<BatchSlice> slices = {{.sequence = {1}, .row_end = 2, .blocks = blocks}};
    executor.issue({.tokens = tokens, .origins = origins, .slices = slices});
    EXPECT_FALSE(executor.misread());
    if (discards) {
      executor.discard(MemoryClass::full, std::vector<BlockId>{{5}});
    } else {
      (void)executor.logits(std::vector<int32_t>{});
    }
    ASSERT_TRUE(executor.misread());
    EXPECT_EQ(*executor.misread(), discards ? "memory that is nobody's comes while a step runs"
                                            : "a question for logits comes while a step runs");
  }
}

// A model with windows of three tokens and states.
constexpr Limits of_classes{.block_tokens = 2,
                            .block_count = 8,
                            .window_tokens = 3,
                            .window_block_count = 8,
                            .state_count = 4,
                            .snapshot_tokens = 2,
                            .context_tokens = 16};

// The logits of each row, computed as this slice.
std::vector<float> run_slice(FakeExecutor& executor, BatchSlice slice, const std::vector<TokenId>& tokens) {
  slice.sequence = {1};
  slice.row_end = static_cast<int32_t>(tokens.size());
  slice.logits_row = 0;
  slice.logits_rows = slice.row_end;
  const std::vector<RowOrigin> origins(tokens.size(), prompt);
  const std::vector<BatchSlice> slices = {slice};
  std::vector<SliceFailure> failures;
  const Logits logits = executor.forward(
      {.tokens = tokens, .origins = origins, .slices = slices, .logits_rows = slice.row_end}, failures);
  return {logits.values.begin(), logits.values.end()};
}

std::vector<float> last_row(const std::vector<float>& logits) { return {logits.end() - vocab_size, logits.end()}; }

TEST(FakeExecutor, slices_windows_and_snapshots_do_not_change_the_bits) {
  const std::vector<BlockId> blocks = {{0}, {1}, {2}}, others = {{3}, {4}, {5}};
  FakeExecutor executor(of_classes, vocab_size, {}, {});
  const auto whole =
      run_slice(executor, {.blocks = blocks, .window_blocks = blocks, .state = {0}, .state_from = {}}, {3, 4, 5, 6, 7});
  const std::vector<StateSnapshot> snapshots = {{.position = 2, .state = {3}}};
  run_slice(executor,
            {.blocks = others, .window_blocks = others, .state = {1}, .state_from = {}, .snapshots = snapshots},
            {3, 4, 5});
  EXPECT_EQ(
      last_row(run_slice(
          executor, {.position_begin = 3, .blocks = others, .window_blocks = others, .state = {1}, .state_from = {1}},
          {6, 7})),
      last_row(whole));
  // From the snapshot, with none of the window blocks that the rows do not see.
  const std::vector<BlockId> hit = {{3}, {6}, {7}};
  EXPECT_EQ(last_row(run_slice(
                executor, {.position_begin = 2, .blocks = hit, .window_blocks = hit, .state = {2}, .state_from = {3}},
                {5, 6, 7})),
            last_row(whole));
  EXPECT_FALSE(executor.misread());
}

TEST(FakeExecutor, a_block_behind_the_window_and_a_state_of_another_position_are_seen) {
  const std::vector<BlockId> blocks = {{0}, {1}, {2}}, late = {{}, {}, {2}};
  for (const bool by_window : {true, false}) {
    FakeExecutor executor(of_classes, vocab_size, {}, {});
    run_slice(executor, {.blocks = blocks, .window_blocks = blocks, .state = {0}, .state_from = {}}, {3, 4, 5, 6});
    run_slice(executor,
              {.position_begin = by_window ? 4 : 3,
               .blocks = blocks,
               .window_blocks = by_window ? late : blocks,
               .state = {0},
               .state_from = {0}},
              {7});
    ASSERT_TRUE(executor.misread());
    EXPECT_EQ(*executor.misread(), by_window ? "sequence 1 reads position 2 behind its window"
                                             : "sequence 1 goes on at position 3 from a state of position 4");
  }
}

TEST(FakeExecutor, guesses_advance_the_state_when_they_are_kept) {
  const std::vector<BlockId> blocks = {{0}, {1}, {2}, {3}};
  const BatchSlice begin{.blocks = blocks, .window_blocks = blocks, .state = {0}, .state_from = {}};
  FakeExecutor whole(of_classes, vocab_size, {}, {}), guessing(of_classes, vocab_size, {}, {});
  const auto right = run_slice(whole, begin, {3, 4, 5, 6});
  BatchSlice guessed = begin;
  guessed.drafted = 2;
  run_slice(guessing, guessed, {3, 4, 8});  // 4 was right, 8 was not
  guessing.keep(std::vector<int32_t>{1});
  BatchSlice rest = begin;
  rest.position_begin = 2;
  rest.state_from = {0};
  EXPECT_EQ(last_row(run_slice(guessing, rest, {5, 6})), last_row(right));
  EXPECT_FALSE(guessing.misread());
  BatchSlice more = rest;
  more.position_begin = 4;
  more.drafted = 1;
  run_slice(guessing, more, {3, 4});
  more.position_begin = 6;  // as if nobody had to say that the guess was right
  more.drafted = 0;
  run_slice(guessing, more, {5});
  ASSERT_TRUE(guessing.misread());
  EXPECT_EQ(*guessing.misread(), "sequence 1 goes on at position 6 from a state of position 5");
}

}  // namespace
}  // namespace quire::sim::test
