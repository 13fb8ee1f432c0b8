#include "backend/cpu/attention_plan.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {
namespace {

// Fewer queries than this leave a kernel's registers idle while keys and values are converted.
constexpr int64_t task_queries_min = 8;
// So many tasks a worker, if there are rows enough, that one which takes longer costs little.
constexpr int64_t tasks_per_worker = 2;

// The blocks that every row of a run sees to their end.
std::span<const int32_t> whole_blocks(const RowRun& run, int64_t block_tokens) {
  return {run.blocks, static_cast<size_t>((run.position + 1) / block_tokens)};
}

int64_t task_rows_max(int64_t rows, const AttentionPlan::Shape& shape) {
  const int64_t least = ceil_div(task_queries_min, shape.group);
  const int64_t most = std::max(least, attention_tile_queries / shape.group);
  return std::clamp(rows * shape.kv_heads / (tasks_per_worker * shape.workers), least, most);
}

int64_t scores_seen(const RowRun& run, const AttentionPlan::Shape& shape) {
  const int64_t end = std::min(run.end, run.position + run.rows + shape.after);
  return run.rows * (shape.window > 0 ? std::min(end, shape.window) : end);
}

}  // namespace

int64_t shared_blocks(const RowRun& a, const RowRun& b, int64_t block_tokens) {
  const auto of_a = whole_blocks(a, block_tokens);
  const auto of_b = whole_blocks(b, block_tokens);
  if (a.blocks == b.blocks) return static_cast<int64_t>(std::min(of_a.size(), of_b.size()));
  return std::ranges::mismatch(of_a, of_b).in1 - of_a.begin();
}

AttentionPlan::AttentionPlan(int64_t rows_max) {
  const auto room = static_cast<size_t>(rows_max);
  runs_.reserve(room);
  tasks_.reserve(room);
  best_.reserve(room + 1);
  shared_as_last_.reserve(room);
}

void AttentionPlan::build(std::span<const RowRun> runs, const Shape& shape) {
  int64_t rows = 0;
  for (const RowRun& run : runs) rows += run.rows;
  QUIRE_CHECK(static_cast<size_t>(rows) <= runs_.capacity(), "the plan has room for the step");
  const int64_t rows_max = task_rows_max(rows, shape);
  cut(runs, rows_max);
  tasks_.clear();
  // What windows share is not much, and texts whose rows see what follows them share nothing: each reads its own.
  if (shape.window > 0 || shape.after > 0) {
    for (int64_t run = 0; run < static_cast<int64_t>(runs_.size()); ++run) add_task(run, run + 1, 0);
    for (AttentionTask& task : tasks_) task.scores = scores_seen(runs_of(task)[0], shape);
    sort_tasks();
    return;
  }
  // What fills more than half a task is one by itself.
  const auto alone =
      std::partition(runs_.begin(), runs_.end(), [&](const RowRun& run) { return 2 * run.rows <= rows_max; });
  std::sort(runs_.begin(), alone, [&](const RowRun& a, const RowRun& b) {
    const auto of_a = whole_blocks(a, shape.block_tokens);
    const auto of_b = whole_blocks(b, shape.block_tokens);
    const auto order = std::lexicographical_compare_three_way(of_a.begin(), of_a.end(), of_b.begin(), of_b.end());
    return order != 0 ? order < 0 : a.row_begin < b.row_begin;
  });
  const int64_t grouped = alone - runs_.begin();
  group(grouped, rows_max, shape.block_tokens);
  for (int64_t run = grouped; run < static_cast<int64_t>(runs_.size()); ++run) add_task(run, run + 1, 0);
  sort_tasks();
}

void AttentionPlan::sort_tasks() {
  std::sort(tasks_.begin(), tasks_.end(), [](const AttentionTask& a, const AttentionTask& b) {
    return a.scores != b.scores ? a.scores > b.scores : a.run_begin < b.run_begin;
  });
}

// Into pieces of nearly equal height.
void AttentionPlan::cut(std::span<const RowRun> runs, int64_t rows_max) {
  runs_.clear();
  for (const RowRun& run : runs) {
    const int64_t pieces = ceil_div(run.rows, rows_max);
    for (int64_t piece = 0; piece < pieces; ++piece) {
      const int64_t begin = run.rows * piece / pieces;
      const int64_t end = run.rows * (piece + 1) / pieces;
      runs_.push_back({.row_begin = run.row_begin + begin,
                       .rows = end - begin,
                       .position = run.position + begin,
                       .blocks = run.blocks,
                       .end = run.end});
    }
  }
}

void AttentionPlan::group(int64_t count, int64_t rows_max, int64_t block_tokens) {
  const auto at = [](auto& values, int64_t index) -> auto& { return values[static_cast<size_t>(index)]; };
  shared_as_last_.clear();
  best_.assign(1, {});
  for (int64_t end = 1; end <= count; ++end) {
    shared_as_last_.push_back(end == 1 ? 0 : shared_blocks(at(runs_, end - 2), at(runs_, end - 1), block_tokens));
    Grouping best{.saved_blocks = at(best_, end - 1).saved_blocks, .begin = end - 1};
    // Runs are sorted, so what all of a group share is the least that two neighbours do.
    int64_t shared = INT64_MAX;
    int64_t rows = at(runs_, end - 1).rows;
    for (int64_t begin = end - 2; begin >= 0; --begin) {
      shared = std::min(shared, at(shared_as_last_, begin + 1));
      rows += at(runs_, begin).rows;
      if (shared == 0 || rows > rows_max) break;
      const int64_t saved = at(best_, begin).saved_blocks + (end - begin - 1) * shared;
      if (saved > best.saved_blocks) best = {.saved_blocks = saved, .begin = begin, .shared_blocks = shared};
    }
    best_.push_back(best);
  }
  for (int64_t end = count; end > 0; end = at(best_, end).begin) {
    add_task(at(best_, end).begin, end, at(best_, end).shared_blocks * block_tokens);
  }
}

void AttentionPlan::add_task(int64_t run_begin, int64_t run_end, int64_t shared_tokens) {
  AttentionTask task{.run_begin = run_begin, .run_end = run_end, .shared_tokens = shared_tokens};
  for (const RowRun& run : runs_of(task)) task.scores += run.rows * (run.position + run.rows);
  tasks_.push_back(task);
}

}  // namespace quire
