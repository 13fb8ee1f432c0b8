#include "backend/cpu/attention_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "support/allocation_watch.h"

namespace quire {
namespace {

constexpr int64_t block_tokens = 32;

// Block tables with the runs that read them.
struct Step {
  std::vector<std::vector<int32_t>> tables;
  std::vector<RowRun> runs;

  // One run after the others' rows; the table must outlive the step's growth.
  void add(std::vector<int32_t> table, int64_t position, int64_t rows) {
    const int64_t row = runs.empty() ? 0 : runs.back().row_begin + runs.back().rows;
    tables.push_back(std::move(table));
    runs.push_back({.row_begin = row, .rows = rows, .position = position, .blocks = tables.back().data()});
  }
};

AttentionPlan plan_of(const Step& step, const AttentionPlan::Shape& shape) {
  AttentionPlan plan(1024);
  plan.build(step.runs, shape);
  return plan;
}

constexpr AttentionPlan::Shape two_workers = {.block_tokens = block_tokens, .kv_heads = 8, .group = 4, .workers = 2};

TEST(SharedBlocks, are_whole_equal_and_seen_by_every_row) {
  const std::vector<int32_t> a = {3, 1, 4, 1};
  const std::vector<int32_t> b = {3, 1, 5, 1};
  const auto shared = [&](int64_t position_a, int64_t position_b) {
    return shared_blocks({.rows = 9, .position = position_a, .blocks = a.data()},
                         {.rows = 1, .position = position_b, .blocks = b.data()}, block_tokens);
  };
  EXPECT_EQ(shared(100, 100), 2);
  EXPECT_EQ(shared(100, 63), 2);  // its last position is the block's last
  EXPECT_EQ(shared(100, 62), 1);
  EXPECT_EQ(shared(31, 100), 1);
  EXPECT_EQ(shared(30, 100), 0);
  EXPECT_EQ(shared_blocks({.rows = 1, .position = 127, .blocks = a.data()},
                          {.rows = 1, .position = 95, .blocks = a.data()}, block_tokens),
            3);
}

TEST(AttentionPlan, of_strangers_is_a_task_each_the_longest_first) {
  Step step;
  for (int32_t i = 0; i < 5; ++i) step.add({4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3}, 20 * i + 10, 1);
  const AttentionPlan plan = plan_of(step, two_workers);
  ASSERT_EQ(plan.tasks().size(), 5U);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(plan.tasks()[i].shared_tokens, 0);
    ASSERT_EQ(plan.runs_of(plan.tasks()[i]).size(), 1U);
    EXPECT_EQ(plan.runs_of(plan.tasks()[i])[0].row_begin, static_cast<int64_t>(4 - i));
  }
}

TEST(AttentionPlan, reads_a_common_prefix_once) {
  Step step;
  for (int32_t i = 0; i < 32; ++i) step.add({7, 8, 9, 100 + i}, 96 + i, 1);
  const AttentionPlan plan = plan_of(step, two_workers);
  ASSERT_EQ(plan.tasks().size(), 1U);
  EXPECT_EQ(plan.tasks()[0].shared_tokens, 96);
  EXPECT_EQ(plan.runs_of(plan.tasks()[0]).size(), 32U);
}

TEST(AttentionPlan, prefers_few_that_share_much_to_many_that_share_little) {
  Step step;
  for (int32_t i = 0; i < 4; ++i) {
    std::vector<int32_t> table = {0};  // all four begin alike, each two go on alike for 10 blocks
    for (int32_t block = 1; block <= 10; ++block) table.push_back(100 * (i % 2) + block);
    table.push_back(1000 + i);
    step.add(std::move(table), 352, 1);
  }
  const AttentionPlan plan = plan_of(step, two_workers);
  ASSERT_EQ(plan.tasks().size(), 2U);
  for (const AttentionTask& task : plan.tasks()) {
    EXPECT_EQ(task.shared_tokens, 11 * block_tokens);
    const auto runs = plan.runs_of(task);
    EXPECT_EQ(runs[0].row_begin % 2, runs[1].row_begin % 2);
  }
}

// What is behind a window is not read, so nothing that begins there is shared.
TEST(AttentionPlan, with_a_window_shares_nothing_and_counts_what_is_seen) {
  Step step;
  for (int32_t i = 0; i < 4; ++i) step.add({0, 1, 2, 3 + i}, 100 + i, 1);
  step.add({9}, 5, 2);
  AttentionPlan::Shape shape = two_workers;
  shape.window = 40;
  const AttentionPlan plan = plan_of(step, shape);
  ASSERT_EQ(plan.tasks().size(), 5U);
  for (const AttentionTask& task : plan.tasks()) {
    EXPECT_EQ(task.shared_tokens, 0);
    ASSERT_EQ(plan.runs_of(task).size(), 1U);
    EXPECT_EQ(task.scores, plan.runs_of(task)[0].position >= 100 ? 40 : 14);
  }
}

// Each row of a text of 100 sees all of it, or 40 positions to both sides.
TEST(AttentionPlan, of_rows_that_see_what_follows_them_shares_nothing_and_counts_what_is_seen) {
  Step step;
  for (int32_t i = 1; i < 3; ++i) step.add({0, 1, 2, 3}, 32 * i, 32);
  for (RowRun& run : step.runs) run.end = 100;
  AttentionPlan::Shape shape = two_workers;
  shape.after = all_positions;
  const AttentionPlan whole = plan_of(step, shape);
  EXPECT_FALSE(whole.tasks().empty());
  for (const AttentionTask& task : whole.tasks()) {
    EXPECT_EQ(task.shared_tokens, 0);
    EXPECT_EQ(task.scores % 100, 0);
  }
  shape.window = 81, shape.after = 40;
  const AttentionPlan windows = plan_of(step, shape);
  for (const AttentionTask& task : windows.tasks()) EXPECT_EQ(task.scores % 81, 0);
}

TEST(AttentionPlan, cuts_runs_for_workers_that_had_nothing_to_do) {
  Step step;
  step.add({0, 1}, 0, 32);
  EXPECT_EQ(plan_of(step, {.block_tokens = block_tokens, .kv_heads = 8, .group = 4, .workers = 2}).tasks().size(), 1U);
  EXPECT_EQ(plan_of(step, {.block_tokens = block_tokens, .kv_heads = 1, .group = 4, .workers = 4}).tasks().size(), 8U);
  // No narrower than eight queries: two rows.
  EXPECT_EQ(plan_of(step, {.block_tokens = block_tokens, .kv_heads = 1, .group = 4, .workers = 64}).tasks().size(),
            16U);
}

// Blocks that the best partition into neighbours does not read again, by trying all.
int64_t best_saving(std::span<const RowRun> sorted) {
  int64_t best = 0;
  int64_t shared = 0;
  for (size_t members = 1; members <= sorted.size(); ++members) {
    const int64_t with_last = shared_blocks(sorted[0], sorted[members - 1], block_tokens);
    if (members > 1) shared = members == 2 ? with_last : std::min(shared, with_last);
    best = std::max(best, static_cast<int64_t>(members - 1) * shared + best_saving(sorted.subspan(members)));
  }
  return best;
}

TEST(AttentionPlan, has_each_row_in_one_task_whose_runs_share_what_it_says) {
  std::mt19937_64 random(11);
  const auto below = [&](uint64_t count) { return static_cast<int64_t>(random() % count); };
  AttentionPlan plan(1024);
  for (int round = 0; round < 2000; ++round) {
    Step step;
    const int64_t count = 1 + below(9);
    for (int64_t i = 0; i < count; ++i) {
      std::vector<int32_t> table;
      for (int32_t block = 0; block < 6; ++block) table.push_back(static_cast<int32_t>(3 * block + below(2)));
      const int64_t rows = below(4) == 0 ? 1 + below(32) : 1;
      step.add(std::move(table), below(6 * block_tokens - rows), rows);
    }
    const AttentionPlan::Shape shape = {
        .block_tokens = block_tokens, .kv_heads = 1 + below(8), .group = 1 + below(8), .workers = 1 + below(4)};
    const test::AllocationWatch watch;
    plan.build(step.runs, shape);
    ASSERT_EQ(watch.count(), 0U) << round;

    std::set<int64_t> rows_seen;
    std::map<int64_t, int64_t> position_of_row;
    for (const RowRun& run : step.runs) {
      for (int64_t row = 0; row < run.rows; ++row) position_of_row[run.row_begin + row] = run.position + row;
    }
    int64_t scores_before = INT64_MAX, rows_max = 0;
    for (const AttentionTask& task : plan.tasks()) {
      const auto runs = plan.runs_of(task);
      ASSERT_GE(runs.size(), 1U);
      int64_t rows = 0;
      for (const RowRun& run : runs) {
        rows += run.rows;
        for (int64_t row = 0; row < run.rows; ++row) {
          ASSERT_TRUE(rows_seen.insert(run.row_begin + row).second) << round;
          ASSERT_EQ(position_of_row[run.row_begin + row], run.position + row) << round;
        }
        if (runs.size() == 1) continue;
        const int64_t shared = shared_blocks(runs[0], run, block_tokens);
        ASSERT_GE(shared * block_tokens, task.shared_tokens) << round;
      }
      rows_max = std::max(rows_max, rows);
      ASSERT_LE(task.scores, scores_before) << round;
      scores_before = task.scores;
    }
    ASSERT_EQ(rows_seen.size(), position_of_row.size()) << round;
    ASSERT_LE(rows_max * shape.group, std::max(attention_tile_queries, shape.group + 7)) << round;
  }
}

TEST(AttentionPlan, saves_as_many_blocks_as_any_grouping_of_neighbours) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 500; ++round) {
    Step step;
    const uint64_t count = 2 + random() % 9;
    for (uint64_t i = 0; i < count; ++i) {
      std::vector<int32_t> table;
      for (int32_t block = 0; block < 6; ++block) table.push_back(static_cast<int32_t>(3 * block + random() % 4 / 3));
      step.add(std::move(table), static_cast<int64_t>(random() % (6 * block_tokens)), 1);
    }
    AttentionPlan plan(1024);
    plan.build(step.runs, {.block_tokens = block_tokens, .kv_heads = 2, .group = 8, .workers = 1});  // all in one task
    int64_t saved = 0;
    for (const AttentionTask& task : plan.tasks()) {
      saved += (task.run_end - task.run_begin - 1) * task.shared_tokens / block_tokens;
    }
    std::vector<RowRun> sorted = step.runs;
    std::sort(sorted.begin(), sorted.end(), [](const RowRun& a, const RowRun& b) {
      return std::lexicographical_compare(a.blocks, a.blocks + (a.position + 1) / block_tokens, b.blocks,
                                          b.blocks + (b.position + 1) / block_tokens);
    });
    ASSERT_EQ(saved, best_saving(sorted)) << round;
  }
}

}  // namespace
}  // namespace quire
