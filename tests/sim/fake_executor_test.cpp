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
  executor.forget(std::vector<BlockId>{{1}});
  logits_of(executor, {7}, {prompt}, {{0}, {1}, {2}}, 4);
  ASSERT_TRUE(executor.misread());
  EXPECT_EQ(*executor.misread(), "sequence 1 reads at position 2 a row of position -1");
}

}  // namespace
}  // namespace quire::sim::test
