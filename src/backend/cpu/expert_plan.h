// Which rows of a step meet which expert, and what of that a worker takes at a time: integers only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quire {

// An expert that rows have chosen, and its pairs.
struct ExpertGroup {
  int64_t expert = 0;
  int64_t begin = 0;  // of pairs
  int64_t end = 0;
  int64_t rows() const { return end - begin; }
};

// What one worker computes of an expert: some panels of a matrix, for all its rows.
struct ExpertTask {
  ExpertGroup group;
  int64_t panel_begin = 0;
  int64_t panel_end = 0;
};

// Pairs of a row and one of its experts, sorted by the expert and then by the row, so that an expert's weights are read
// once for all its rows. Owned by one scratch; one thread builds it, any may read. Nothing is allocated after
// construction. Invariant: every pair is in exactly one group, and groups ascend.
class ExpertPlan {
 public:
  // Room for so many pairs, and experts of a layer.
  ExpertPlan(int64_t pairs_max, int64_t experts_max);

  // Replaces the plan. chosen: (rows, used), each in [0, experts). REQUIRES: no more than there is room for.
  void build(std::span<const int32_t> chosen, int64_t used, int64_t experts);

  std::span<const ExpertGroup> groups() const { return groups_; }
  int64_t pair_count() const { return static_cast<int64_t>(rows_.size()); }
  int64_t row_of(int64_t pair) const { return rows_[static_cast<size_t>(pair)]; }
  // The pair of a row and the `index`th of its experts.
  int64_t pair_of(int64_t row, int64_t index) const { return pairs_[static_cast<size_t>(row * used_ + index)]; }

  // Cuts the panels of each group into tasks that cost about the same, a share of workers * tasks_per_worker each:
  // whole pairs of panels, which kernels take together, unless one alone is more. Returns how many there are.
  int64_t split(int64_t panels, int64_t workers, int64_t tasks_per_worker);
  // REQUIRES: index is below what split() returned.
  ExpertTask task(int64_t index) const;

 private:
  // How a group is cut.
  struct Cut {
    int64_t task_begin = 0;
    int64_t task_panels = 0;
  };

  int64_t used_ = 0;
  int64_t panels_ = 0;  // of a group, as split() was told
  std::vector<ExpertGroup> groups_;
  std::vector<Cut> cuts_;       // of each group
  std::vector<int32_t> rows_;   // by pair
  std::vector<int32_t> pairs_;  // (rows, used)
  std::vector<int64_t> next_;   // by expert: where its next pair goes
};

}  // namespace quire
