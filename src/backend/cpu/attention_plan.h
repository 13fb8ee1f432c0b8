// Which rows of a step attend together, and in which order the workers take them: integers only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.h"

namespace quire {

// Leading blocks that both tables begin with and that every row of both runs sees to their end.
int64_t shared_blocks(const RowRun& a, const RowRun& b, int64_t block_tokens);

// Runs that one worker takes for one KV head; several of them share their first shared_tokens positions.
struct AttentionTask {
  int64_t run_begin = 0;  // of the plan's runs
  int64_t run_end = 0;
  int64_t shared_tokens = 0;
  int64_t scores = 0;  // pairs of a row and a position that it sees: what the task costs
};

// The tasks of a step, longest first: a worker begins with the longest of its share, and what others take from the end
// of it is short, so that all end together. A task is at most a tile of queries, so that its shared blocks are read
// once, and less where the workers would not all have one. Runs are grouped so that the number of blocks that need not
// be read again is as large as it can be with groups that are neighbours in the order of their block tables. Owned by
// one workspace; one thread builds it, any may read. Nothing is allocated after construction. Invariant: every row of
// build's runs is in exactly one task.
class AttentionPlan {
 public:
  struct Shape {
    int64_t block_tokens = 0;
    int64_t kv_heads = 0;
    int64_t group = 0;   // query heads a KV head
    int64_t window = 0;  // positions that a row sees; 0: all
    int64_t after = 0;   // positions behind its own that a row sees
    int64_t workers = 1;
  };

  // Room for steps of rows_max rows.
  explicit AttentionPlan(int64_t rows_max);

  // Replaces the plan. The runs' block tables are borrowed until then.
  // REQUIRES: at most rows_max rows.
  void build(std::span<const RowRun> runs, const Shape& shape);

  std::span<const AttentionTask> tasks() const { return tasks_; }
  std::span<const RowRun> runs_of(const AttentionTask& task) const {
    return std::span(runs_).subspan(static_cast<size_t>(task.run_begin),
                                    static_cast<size_t>(task.run_end - task.run_begin));
  }

 private:
  void cut(std::span<const RowRun> runs, int64_t rows_max);
  // The first `count` runs, sorted by their block tables, into tasks of at most rows_max rows.
  void group(int64_t count, int64_t rows_max, int64_t block_tokens);
  void add_task(int64_t run_begin, int64_t run_end, int64_t shared_tokens);
  void sort_tasks();

  std::vector<RowRun> runs_;
  std::vector<AttentionTask> tasks_;
  // The best grouping of the first so many runs: blocks that are not read again, and its last group.
  struct Grouping {
    int64_t saved_blocks = 0;
    int64_t begin = 0;          // of the last group
    int64_t shared_blocks = 0;  // by the last group
  };
  std::vector<Grouping> best_;           // by number of runs
  std::vector<int64_t> shared_as_last_;  // blocks that a run shares with the one before
};

}  // namespace quire
