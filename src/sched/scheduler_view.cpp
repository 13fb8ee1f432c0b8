// What the scheduler shows: counts and a line for each sequence, made after a step.
#include <algorithm>
#include <utility>

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

// Of those that do not run, in the order in which they get their turn: what is in the way of each.
class Reasons {
 public:
  explicit Reasons(WaitReason of_first) : of_first_(of_first) {}

  WaitReason next(const Rank& rank) {
    const bool first = std::exchange(first_band_, first_band_ < 0 ? rank.band : first_band_) < 0;
    const bool overtaken = rank.band == band_ && latest_ns_ > rank.arrived_ns;
    latest_ns_ = rank.band == band_ ? std::max(latest_ns_, rank.arrived_ns) : rank.arrived_ns;
    band_ = rank.band;
    if (first) return of_first_;
    if (rank.band > first_band_) return WaitReason::band;
    return overtaken ? WaitReason::fairness : WaitReason::position;
  }

 private:
  const WaitReason of_first_;
  int32_t first_band_ = -1;  // -1: nobody yet
  int32_t band_ = -1;        // of the last one
  int64_t latest_ns_ = 0;    // arrival in its band so far
};

}  // namespace

// The conditions of make_room, as they are after the step.
WaitReason Scheduler::State::first_waits_for() {
  const Entry* first = first_candidate();
  if (first == nullptr || running.empty()) return WaitReason::next_step;
  if (!has_rows_for(*first)) return WaitReason::step;
  if (static_cast<int32_t>(running.size()) >= parallel.parallel()) return WaitReason::parallel;
  memory.match(first->sequence, adoptable_end(*first), matched);
  return has_memory_for(*first, memory.available()) ? WaitReason::next_step : WaitReason::memory;
}

ClassCounts Scheduler::State::counts_of(MemoryClass of) const {
  const BlockPool& pool = memory.cache().pool(of);
  const NodeMemory& beside = of == MemoryClass::window ? memory.cache().windows() : memory.cache().states();
  return {.total = pool.count(),
          .held = pool.held_count(),
          .cached = pool.cached_count(),
          .withheld = pool.withheld_count(),
          .limit = block_limit[of],
          .evictions = beside.evictions()};
}

SchedulerCounts Scheduler::counts() const {
  const State& s = *state_;
  const BlockPool& pool = s.memory.cache().pool();
  SchedulerCounts counts{.waiting = static_cast<int32_t>(s.waiting.size()),
                         .running = static_cast<int32_t>(s.running.size()),
                         .parked = static_cast<int32_t>(s.parked.size()),
                         .waiting_tokens = s.waiting_tokens,
                         .blocks_free = pool.free_count(),
                         .blocks_held = pool.held_count(),
                         .blocks_cached = pool.cached_count(),
                         .blocks_total = pool.count(),
                         .blocks_shared = pool.shared_count(),
                         .block_limit = s.block_limit.full,
                         .service_gap_max = s.service_gap_max / service_token,
                         .service_bound = s.service_bound() / service_token,
                         .pauses = s.pauses,
                         .squeezes = s.squeezes,
                         .aged_starts = s.aged_starts,
                         .blocks_withheld = pool.withheld_count(),
                         .windows = s.counts_of(MemoryClass::window),
                         .states = s.counts_of(MemoryClass::state),
                         .evictions = s.memory.cache().evictions(),
                         .preemptions = s.preemptions,
                         .prefix_hit_tokens = s.prefix_hit_tokens,
                         .recomputed_tokens = s.recomputed_tokens,
                         .steps = s.steps,
                         .voided_slices = s.voided_slices,
                         .voided_rows = s.voided_rows};
  for (const Entry* entry : s.waiting) ++counts.bands[entry->sequence.priority].waiting;
  for (const Entry* entry : s.running) ++counts.bands[entry->sequence.priority].running;
  for (const Entry* entry : s.parked) {
    ++counts.bands[entry->sequence.priority].parked;
    counts.blocks_parked += static_cast<int32_t>(entry->sequence.blocks.size());
  }
  return counts;
}

int64_t Scheduler::expected_step_ns(int32_t streams, int32_t prompt_rows, int32_t draft_rows) const {
  const StepCost& cost = state_->cost;
  const int64_t decode_ns = cost.decode_ns(std::max(1, streams));
  const bool unknown = (prompt_rows > 0 && cost.prompt_row_ns() == 0) || (draft_rows > 0 && cost.draft_row_ns() == 0);
  if (decode_ns == 0 || unknown) return 0;
  return decode_ns + prompt_rows * cost.prompt_row_ns() + draft_rows * cost.draft_row_ns();
}

void Scheduler::view(std::vector<SequenceView>& views) const {
  State& s = *state_;
  views.clear();
  Reasons reasons(s.first_waits_for());
  for (const Entry* entry : s.running) views.push_back(view_of(*entry, s.memory.cache().pool()));
  size_t parked = 0;
  for (size_t waiting = 0; waiting < s.waiting.size() || parked < s.parked.size();) {
    const bool from_parked =
        waiting == s.waiting.size() || (parked < s.parked.size() && s.parked[parked]->rank < s.waiting[waiting]->rank);
    const Entry& entry = *(from_parked ? s.parked[parked++] : s.waiting[waiting++]);
    SequenceView view = view_of(entry, s.memory.cache().pool());
    view.reason = reasons.next(entry.rank);
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
