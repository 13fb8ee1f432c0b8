// What the scheduler shows: counts and a line for each sequence, made after a step.
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
    const bool from_parked = waiting == s.waiting.size() ||
                             (parked < s.parked.size() && s.parked[parked]->rank < s.waiting[waiting]->rank);
    SequenceView view = view_of(*(from_parked ? s.parked[parked++] : s.waiting[waiting++]), s.cache.pool());
    view.position = static_cast<int32_t>(parked + waiting) - 1;
    views.push_back(view);
  }
}

}  // namespace quire
