#include "backend/cpu/expert_plan.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {

ExpertPlan::ExpertPlan(int64_t pairs_max, int64_t experts_max) {
  groups_.reserve(static_cast<size_t>(std::min(pairs_max, experts_max)));
  cuts_.reserve(groups_.capacity());
  rows_.reserve(static_cast<size_t>(pairs_max));
  pairs_.reserve(static_cast<size_t>(pairs_max));
  next_.reserve(static_cast<size_t>(experts_max));
}

void ExpertPlan::build(std::span<const int32_t> chosen, int64_t used, int64_t experts) {
  QUIRE_CHECK(chosen.size() <= rows_.capacity() && static_cast<size_t>(experts) <= next_.capacity(),
              "the plan has room for the step");
  used_ = used;
  next_.assign(static_cast<size_t>(experts), 0);
  for (const int32_t expert : chosen) ++next_[static_cast<size_t>(expert)];
  groups_.clear();
  int64_t pair = 0;
  for (int64_t expert = 0; expert < experts; ++expert) {
    int64_t& next = next_[static_cast<size_t>(expert)];
    const int64_t begin = pair;
    pair += next;
    next = begin;
    if (begin < pair) groups_.push_back({.expert = expert, .begin = begin, .end = pair});
  }
  rows_.resize(chosen.size());
  pairs_.resize(chosen.size());
  for (size_t i = 0; i < chosen.size(); ++i) {
    const int64_t own = next_[static_cast<size_t>(chosen[i])]++;
    rows_[static_cast<size_t>(own)] = static_cast<int32_t>(static_cast<int64_t>(i) / used);
    pairs_[i] = static_cast<int32_t>(own);
  }
}

int64_t ExpertPlan::split(int64_t panels, int64_t workers, int64_t tasks_per_worker) {
  panels_ = panels;
  cuts_.clear();
  const int64_t task_cost = pair_count() * panels / (workers * tasks_per_worker);  // panels times rows
  int64_t tasks = 0;
  for (const ExpertGroup& group : groups_) {
    const int64_t share = task_cost / group.rows();
    const int64_t task_panels = std::clamp<int64_t>(share > 1 ? share / 2 * 2 : share, 1, panels);
    cuts_.push_back({.task_begin = tasks, .task_panels = task_panels});
    tasks += ceil_div(panels, task_panels);
  }
  return tasks;
}

ExpertTask ExpertPlan::task(int64_t index) const {
  const auto next = std::ranges::upper_bound(cuts_, index, {}, &Cut::task_begin);
  const Cut& cut = *(next - 1);
  const int64_t begin = (index - cut.task_begin) * cut.task_panels;
  return {.group = groups_[static_cast<size_t>(next - 1 - cuts_.begin())],
          .panel_begin = begin,
          .panel_end = std::min(panels_, begin + cut.task_panels)};
}

}  // namespace quire
