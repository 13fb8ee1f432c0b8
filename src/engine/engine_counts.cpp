// What an engine counts of its requests and steps.
#include <algorithm>
#include <utility>

#include "engine/engine.h"

namespace quire {

RequestStats Engine::stats_of(const Context& context) const {
  const int64_t now_ns = clock_.now_ns();
  RequestStats stats{.prompt_tokens = static_cast<int64_t>(context.request.prompt.size()),
                     .generated_tokens = context.generated,
                     .draft_tokens = context.drafted,
                     .accepted_tokens = context.accepted,
                     .seed = context.request.sampling.seed};
  const Sequence* sequence = scheduler_.find(context.request.id);
  const int64_t started_ns = sequence ? sequence->first_planned_ns : -1;
  stats.queue_ns = (started_ns < 0 ? now_ns : started_ns) - context.request.arrived_ns;
  if (sequence) {
    stats.cached_tokens = sequence->cached_tokens;
    stats.preemptions = sequence->preemptions;
    stats.recomputed_tokens = sequence->recomputed_tokens;
  }
  if (started_ns >= 0) stats.prompt_ns = (context.first_token_ns < 0 ? now_ns : context.first_token_ns) - started_ns;
  if (context.first_token_ns >= 0) stats.generate_ns = now_ns - context.first_token_ns;
  return stats;
}

void Engine::count_draft(Context& context, int32_t drafted, int32_t accepted) {
  context.drafted += drafted;
  context.accepted += accepted;
  totals_.totals.draft_tokens += drafted;
  totals_.totals.accepted_tokens += accepted;
}

// At the first slice of a sequence, whatever becomes of it.
void Engine::count_start(Context& context) {
  if (std::exchange(context.started, true)) return;
  const Request& request = context.request;
  const Sequence& sequence = *scheduler_.find(request.id);
  EngineTotals& totals = totals_.totals;
  totals.queue_time[request.priority].observe(sequence.first_planned_ns - request.arrived_ns);
  totals.prompt_tokens += sequence.prompt_length;
  if (request.use_cache) totals.prefix_query_tokens += sequence.prompt_length;
}

void Engine::count_token(Context& context, int64_t now_ns) {
  EngineTotals& totals = totals_.totals;
  if (context.generated++ == 0) {
    const Request& request = context.request;
    context.first_token_ns = now_ns;
    totals.first_token_time[request.priority].observe(now_ns - request.arrived_ns);
    totals.prefill_time.observe(now_ns - scheduler_.find(request.id)->first_planned_ns);
  } else {
    totals.token_gap.observe(now_ns - context.last_token_ns);
  }
  context.last_token_ns = now_ns;
  ++totals_.generated_tokens;
}

// Before the scheduler forgets it.
void Engine::count_end(const Context& context, const Finished& finished) {
  EngineTotals& totals = totals_.totals;
  const Request& request = context.request;
  const Sequence* sequence = scheduler_.find(request.id);
  const bool refused = finished.reason == FinishReason::error && sequence == nullptr &&
                       (finished.error_kind == ErrorKind::busy || finished.error_kind == ErrorKind::too_large);
  if (refused) {
    ++totals.refused;
    return;
  }
  const int64_t time_ns = clock_.now_ns() - request.arrived_ns;
  ++totals.finished[static_cast<size_t>(finished.reason)];
  totals.request_time.observe(time_ns);
  totals.prompt_lengths.observe(finished.stats.prompt_tokens);
  totals.answer_lengths.observe(finished.stats.generated_tokens);
  if (sequence != nullptr && !context.started) totals.queue_time[request.priority].observe(time_ns);
  if (context.first_token_ns < 0) return;
  const int64_t decode_ns = context.last_token_ns - context.first_token_ns;
  const int64_t gaps = finished.stats.generated_tokens - 1;
  totals.decode_time.observe(decode_ns);
  if (gaps > 0) totals.mean_gap.observe(decode_ns / gaps);
  totals.inference_time.observe(context.last_token_ns - sequence->first_planned_ns);
}

// Slow is what neither the rows nor a target that the operator has set explain: somebody else had the cores, or the
// memory had to be read from a disk.
void Engine::count_step(const StepObservation& step) {
  constexpr int64_t times_expected = 4, noise_ns = 50'000'000;
  EngineTotals& totals = totals_.totals;
  totals.step_time.observe(totals_.last_step_ns);
  totals.step_rows.observe(step.streams + step.prompt_rows + step.draft_rows);
  const int64_t expected_ns = scheduler_.expected_step_ns(step.streams, step.prompt_rows, step.draft_rows);
  const int64_t bound_ns = std::max({times_expected * expected_ns, limits_.target_gap_ns, noise_ns});
  if (expected_ns == 0 || step.step_ns <= bound_ns) return;
  ++totals.slow_steps;
  totals_.slow_step = {
      .step_ns = step.step_ns, .expected_ns = expected_ns, .streams = step.streams, .prompt_rows = step.prompt_rows};
}

EngineSnapshot Engine::snapshot() const {
  EngineSnapshot snapshot = totals_;
  const SchedulerCounts counts = snapshot.scheduler = scheduler_.counts();
  EngineTotals& totals = snapshot.totals;
  totals.prefix_hit_tokens = counts.prefix_hit_tokens;
  totals.prompt_rows_computed = totals_.prompt_tokens_computed;
  totals.generated_tokens = totals_.generated_tokens;
  totals.preemptions = counts.preemptions;
  totals.preempted_unfair = counts.pauses;
  totals.preempted_urgent = counts.squeezes;
  totals.recomputed_tokens = counts.recomputed_tokens;
  totals.evicted_blocks = counts.evictions;
  totals.evicted_window_blocks = counts.windows.evictions;
  totals.evicted_snapshots = counts.states.evictions;
  snapshot.controller = scheduler_.controller();
  return snapshot;
}

}  // namespace quire
