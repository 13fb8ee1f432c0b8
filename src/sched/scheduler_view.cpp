// What the scheduler shows: counts and a line for each sequence, made after a step.
#include <algorithm>

#include "sched/scheduler_state.h"

namespace quire {

namespace {

SequenceView view_of(const Entry& entry, const BlockPool& pool) {
  const Sequence& sequence = entry.sequence;
  SequenceView view{.id = sequence.id,
                    .state = sequence.state,
                    .band = entry.rank.band,
                    .prompt_tokens = sequence.prompt_length,
                    .computed_tokens = sequence.computed,
                    .cached_tokens = sequence.cached_tokens,
                    .generated_tokens = sequence.length() - sequence.prompt_length,
                    .length_max = sequence.length_max,
                    .preemptions = sequence.preemptions,
                    .arrived_ns = sequence.arrived_ns,
                    .started_ns = sequence.first_planned_ns};
  for (const BlockId block : sequence.blocks) ++(pool.ref_count(block) > 1 ? view.blocks_shared : view.blocks_own);
  return view;
}

}  // namespace

void Scheduler::view(std::vector<SequenceView>& views) const {
  const State& s = *state_;
  views.clear();
  for (const Entry* entry : s.running) views.push_back(view_of(*entry, s.cache.pool()));
  size_t parked = 0;
  for (size_t waiting = 0; waiting < s.waiting.size() || parked < s.parked.size();) {
    const bool from_parked =
        waiting == s.waiting.size() || (parked < s.parked.size() && s.parked[parked]->rank < s.waiting[waiting]->rank);
    SequenceView view = view_of(*(from_parked ? s.parked[parked++] : s.waiting[waiting++]), s.cache.pool());
    view.position = static_cast<int32_t>(parked + waiting) - 1;
    if (view.state == SequenceState::waiting && s.start_rate.interval_ns() >= 0) {
      view.expected_start_ns = s.now_ns + (view.position + 1) * s.start_rate.interval_ns();
    }
    views.push_back(view);
  }
}

ControllerView Scheduler::controller() const {
  const State& s = *state_;
  const auto streams = static_cast<int32_t>(s.running.size());
  ControllerView view{.parallel = s.parallel.parallel(),
                      .parallel_max = s.parallel.parallel_max(),
                      .target_gap_ns = s.policy.target_gap_ns(s.cost, std::max(1, streams)),
                      .prompt_row_ns = s.cost.prompt_row_ns(),
                      .step_tokens = s.step_tokens,
                      .start_interval_ns = s.start_rate.interval_ns()};
  for (int32_t count = 1; count <= s.cost.streams_max() && view.curve_points < ControllerView::curve_max; ++count) {
    if (s.cost.knows(count)) view.curve[static_cast<size_t>(view.curve_points++)] = {count, s.cost.decode_ns(count)};
  }
  return view;
}

}  // namespace quire
