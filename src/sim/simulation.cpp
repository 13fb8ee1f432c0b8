#include "sim/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "sim/fake_drafter.h"
#include "sim/vocabulary.h"

namespace quire::sim {

namespace {

constexpr int64_t step_ns = 1'000'000;

std::map<SequenceId, Fault> faults_of(const World& world) {
  std::map<SequenceId, Fault> faults;
  for (const WorldRequest& one : world.requests) {
    if (one.fault) faults.emplace(one.request.id, *one.fault);
  }
  return faults;
}

}  // namespace

Simulation::Simulation(const World& world, const Tokenizer& tokenizer, Trace trace)
    : world_(world),
      tokenizer_(tokenizer),
      trace_(std::move(trace)),
      executor_(
          world.limits, tokenizer.vocab_size(), faults_of(world), [this](const Batch& batch) { watch_step(batch); },
          [this](const Batch& batch) {
            is_ahead_ = true;  // what is issued before this step has ended
            charge(batch);
          }),
      engine_(
          world.limits, executor_, tokenizer, clock_,
          [this](std::vector<Event>&& events) {
            for (const Event& event : events) receive(event);
          },
          make_drafter(world, tokenizer)),
      fairness_watch_(world),
      waiting_watch_(world) {
  for (const WorldRequest& one : world.requests) tracks_.push_back({.world = &one, .answer = {}});
}

SimulationReport Simulation::run() {
  const int64_t bound = steps_bound();
  const auto all_submitted = [&] {
    return std::ranges::none_of(tracks_, [](const Track& track) { return track.phase == Phase::unknown; });
  };
  for (; !all_submitted() || !engine_.idle(); ++step_) {
    if (step_ > bound) {
      fail(fmt::format("no end after {} steps", step_));
      break;
    }
    act();
    if (executor_.runs() && engine_.idle()) fail("an engine is idle while its step runs");
    note_phases();
    if (world_.limits.plans_ahead > 0) before_ = engine_.scheduler().counts();
    is_ahead_ = false;
    engine_.step();
    engine_.scheduler().check_invariants();
    check_unissued_plan();
    note_phases();
    if (!ages()) report_unless_kept(fairness_watch_.step(seen()));
    clock_.advance_ns(int64_t{step_ + 1} * step_ns - clock_.now_ns());
    if (!report_.failures.empty()) break;
  }
  if (report_.failures.empty()) check_end();
  report_.steps = step_;
  report_.rows_computed = executor_.rows_computed();
  report_.service_gap = fairness_watch_.widest() / fairness_watch_.bound();
  for (Track& track : tracks_) report_.answers.push_back(std::move(track.answer));
  return std::move(report_);
}

// Each step samples a token, or else the first in rank among the running ones computes a row of at most one context;
// a request that arrives may take that place once. Where steps are planned ahead, each second one does.
int64_t Simulation::steps_bound() const {
  int64_t generated = 0, last_arrival = 0;
  const int64_t context = engine_.limits().context_tokens;
  for (const WorldRequest& one : world_.requests) {
    const int64_t wanted = one.request.generated_max < 0 ? context : one.request.generated_max;
    generated += (one.request.shift_keep < 0 ? std::min(context, wanted) : wanted) + 1;
    last_arrival = std::max<int64_t>(last_arrival, one.arrival_step);
  }
  const int64_t steps = (generated + std::ssize(world_.requests)) * (context + 1);
  return last_arrival + 2 + steps * (1 + world_.limits.plans_ahead);
}

void Simulation::fail(std::string what) { report_.failures.push_back(fmt::format("step {}: {}", step_, what)); }

void Simulation::submit(Track& track) {
  Request request = track.world->request;
  request.arrived_ns = clock_.now_ns();
  if (track.world->deadline_steps >= 0) {
    request.deadline_ns = request.arrived_ns + track.world->deadline_steps * step_ns;
  }
  if (track.world->queue_steps >= 0) {
    request.queue_deadline_ns = request.arrived_ns + track.world->queue_steps * step_ns;
  }
  track.phase = Phase::waiting;
  if (track.world->cancel_steps >= 0 && !track.world->cancels_parked) {
    track.cancel_step = step_ + track.world->cancel_steps;
  }
  engine_.submit(std::move(request));
}

// What the world does before a step: requests arrive, clients go away.
void Simulation::act() {
  for (Track& track : tracks_) {
    const WorldRequest& one = *track.world;
    if (track.phase == Phase::unknown && one.arrival_step <= step_) submit(track);
    if (track.cancel_step == step_) {
      track.cancelled_by_us = !track.finished;
      engine_.cancel(one.request.id);
    }
  }
  engine_.cancel({uint64_t{1} << 40});  // nobody
  for (const MemoryChange& change : world_.memory) {
    if (change.step == step_) engine_.set_block_limit(change.blocks, change.of);
  }
}

Simulation::Phase Simulation::phase_of(SequenceId id) const {
  const Sequence* sequence = engine_.scheduler().find(id);
  if (sequence == nullptr) return Phase::ended;
  switch (sequence->state) {
    case SequenceState::waiting:
      return Phase::waiting;
    case SequenceState::running:
      return Phase::running;
    default:
      return sequence->blocks.empty() ? Phase::parked_without : Phase::parked;
  }
}

void Simulation::note_phases() {
  for (Track& track : tracks_) {
    if (track.phase == Phase::unknown || track.phase == Phase::ended) continue;
    const Phase now = phase_of(track.world->request.id);
    const Phase before = std::exchange(track.phase, now);
    if (const Sequence* sequence = engine_.scheduler().find(track.world->request.id)) {
      if (sequence->recomputed_tokens > 0) note(Occurrence::recomputed);
    }
    if (now == Phase::ended) track.last = before;
    if (before == now || now == Phase::ended) continue;
    if (before == Phase::waiting) note(Occurrence::started);
    if (before == Phase::running && track.world->cancels_parked && track.cancel_step < 0) {
      track.cancel_step = step_ + 1 + track.world->cancel_steps;
    }
    if (now == Phase::running && before == Phase::parked) note(Occurrence::resumed_with_blocks);
    if (now == Phase::running && before == Phase::parked_without) note(Occurrence::resumed_without);
    if (now == Phase::parked_without) note(Occurrence::parked_lost_blocks);
  }
  if (engine_.scheduler().counts().evictions > 0) note(Occurrence::evicted);
  if (engine_.snapshot().totals.context_shifts > 0) note(Occurrence::context_shifted);
  const EngineTotals& totals = engine_.snapshot().totals;
  if (totals.accepted_tokens > 0) note(Occurrence::guessed_right);
  if (totals.draft_tokens > totals.accepted_tokens) note(Occurrence::guessed_wrong);
}

// In the middle of a step: planned, not yet computed.
void Simulation::watch_step(const Batch& batch) {
  engine_.scheduler().check_invariants();
  const bool one_text = world_.limits.whole_texts && batch.slices.size() == 1;
  if (!one_text && std::ssize(batch.tokens) > world_.limits.step_tokens_max) fail("more rows than the budget");
  note_texts(batch);
  std::vector<Phase> before;
  for (const Track& track : tracks_) before.push_back(track.phase);
  note_followers(batch);
  check_promises();
  note_parked(before);
  note_phases();
  check_streams_advance(batch);
  report_unless_kept(memory_watch_.step(batch, engine_.scheduler(), world_.limits.block_tokens,
                                        is_ahead_ ? &before_ : nullptr, report_.occurrences));
  if (world_.limits.plans_ahead > 0) note_issued(batch);
  if (!trace_) return;
  std::string line = fmt::format("step {:4}:", step_);
  for (const BatchSlice& slice : batch.slices) {
    const int32_t rows = slice.row_end - slice.row_begin;
    line += fmt::format(" {}[{},{}){}", slice.sequence.value, slice.position_begin, slice.position_begin + rows,
                        slice.logits_row >= 0 ? "*" : "");
  }
  const SchedulerCounts counts = engine_.scheduler().counts();
  line += fmt::format("  | waiting {} running {} parked {} | free {} held {} cached {}", counts.waiting, counts.running,
                      counts.parked, counts.blocks_free, counts.blocks_held, counts.blocks_cached);
  for (const auto& [name, one] : {std::pair("windows", counts.windows), std::pair("states", counts.states)}) {
    if (one.total > 0) line += fmt::format(" | {}: free {} held {} cached {}", name, one.free(), one.held, one.cached);
  }
  trace_(line);
}

// What runs while the next step is planned.
void Simulation::note_issued(const Batch& batch) {
  if (is_ahead_) note(Occurrence::planned_ahead);
  issued_.clear();
  for (const BatchSlice& slice : batch.slices) {
    const int32_t end = slice.position_begin + slice.row_end - slice.row_begin;
    const bool samples = end >= engine_.scheduler().find(slice.sequence)->length();
    issued_.push_back(
        {.sequence = slice.sequence, .begin = slice.position_begin, .samples = samples, .drafted = slice.drafted});
  }
}

// Of texts that are computed whole, which ones share a step.
void Simulation::note_texts(const Batch& batch) {
  if (!world_.limits.whole_texts) return;
  if (batch.slices.size() > 1) note(Occurrence::texts_together);
  if (std::ssize(batch.tokens) > world_.limits.step_tokens_max) note(Occurrence::text_beyond_the_step);
}

// The step takes its time: less than step_ns, so that deadlines still fall between steps.
void Simulation::charge(const Batch& batch) {
  const StepPrice& price = world_.price;
  int32_t streams = 0;
  for (const BatchSlice& slice : batch.slices) streams += slice.row_end - slice.row_begin == 1 ? 1 : 0;
  const auto rows = static_cast<int64_t>(batch.tokens.size());
  const int64_t cost_ns = price.base_ns * std::max(price.knee, streams) / price.knee + price.row_ns * rows;
  clock_.advance_ns(std::min(cost_ns, step_ns - 1));
}

// A stream of which the step has no row that was planned while another one ran: it waits for the token that this one
// gave it, or for memory that this one let go.
bool Simulation::may_wait(const Sequence& stream) const {
  const auto ran = std::ranges::find(issued_, stream.id, &IssuedSlice::sequence);
  if (!is_ahead_ || ran == issued_.end()) return false;
  const bool is_constrained = tracks_[stream.id.value - 1].world->request.constraint != nullptr;
  return (ran->samples && (is_constrained || ran->drafted > 0)) || stream.computed % world_.limits.block_tokens == 0;
}

// Whoever has nothing to compute but what came in the last steps gets a row in each.
void Simulation::check_streams_advance(const Batch& batch) {
  std::vector<SequenceId> streams;
  for (Track& track : tracks_) {
    const SequenceId id = track.world->request.id;
    const Sequence* sequence = engine_.scheduler().find(id);
    if (sequence == nullptr) continue;
    // A context that is not its first has been computed before, at other places.
    const int32_t before = std::exchange(track.context_prompt, sequence->prompt_length);
    if (before != sequence->prompt_length) track.reached = before == 0 ? 0 : sequence->prompt_length;
    track.reached = std::max(track.reached, sequence->computed);
    if (sequence->state != SequenceState::running) continue;
    const int32_t behind = sequence->length() - sequence->computed;
    const bool streaming = sequence->computed >= sequence->prompt_length && sequence->computed >= track.reached;
    if (behind == 1 || streaming) streams.push_back(id);
  }
  for (const SequenceId id : streams) {
    const Sequence& sequence = *engine_.scheduler().find(id);
    const int32_t behind = sequence.length() - sequence.computed;
    if (behind > 1) note(Occurrence::tokens_forced);
    const auto at = std::ranges::find(batch.slices, id, &BatchSlice::sequence);
    if (at == batch.slices.end() && may_wait(sequence)) {
      note(Occurrence::waited_for_the_step);
    } else if (at == batch.slices.end()) {
      // Whole blocks of forced tokens may be computed by another stream that said the same.
      const bool whole = behind > world_.limits.block_tokens && sequence.computed % world_.limits.block_tokens == 0;
      const int32_t block = sequence.computed / world_.limits.block_tokens;
      const bool follows = whole && std::ranges::any_of(streams, [&](SequenceId other) {
                             return engine_.scheduler().find(other)->computed / world_.limits.block_tokens == block &&
                                    std::ranges::find(batch.slices, other, &BatchSlice::sequence) != batch.slices.end();
                           });
      const bool followed = whole && is_ahead_ && std::ranges::any_of(issued_, [&](const IssuedSlice& other) {
                              return other.begin / world_.limits.block_tokens == block;
                            });
      if (!follows && !followed) fail(fmt::format("stream {} does not advance", id.value));
    } else if (behind > 1 && at->row_end - at->row_begin < behind) {
      note(Occurrence::forced_in_parts);
    }
  }
  for (const BatchSlice& slice : batch.slices) {
    const auto track =
        std::ranges::find(tracks_, slice.sequence, [](const Track& one) { return one.world->request.id; });
    track->reached = std::max(track->reached, slice.position_begin + slice.row_end - slice.row_begin);
  }
}

std::vector<Seen> Simulation::seen() const {
  std::vector<Seen> all;
  for (const Track& track : tracks_) {
    const Sequence* sequence = engine_.scheduler().find(track.world->request.id);
    if (sequence == nullptr) continue;
    const SequenceState before = track.phase == Phase::running   ? SequenceState::running
                                 : track.phase == Phase::waiting ? SequenceState::waiting
                                                                 : SequenceState::parked;
    all.push_back(
        {.world = track.world, .sequence = sequence, .before = before, .said = std::ssize(track.answer.tokens)});
  }
  return all;
}

// Ageing moves sequences out of the order and of their clients' turn, within its own bound.
bool Simulation::ages() const { return world_.limits.ageing_steps < 1000; }

void Simulation::report_unless_kept(const std::optional<std::string>& broken) {
  if (broken) fail(*broken);
}

// A plan that was made ahead, of which nothing was left to be issued.
void Simulation::check_unissued_plan() {
  if (world_.limits.plans_ahead > 0 && engine_.scheduler().counts().steps != plans_seen_) check_promises();
}

// In the middle of a step.
void Simulation::check_promises() {
  const std::vector<Seen> all = seen();
  const SchedulerCounts counts = engine_.scheduler().counts();
  plans_seen_ = counts.steps;
  if (counts.voided_slices > 0) note(Occurrence::voided);
  if (counts.voided_rows > 0) note(Occurrence::computed_for_nothing);
  if (ages()) {
    report_unless_kept(waiting_watch_.step(all));
  } else {
    report_unless_kept(order_watch_.step(all, counts.pauses));
    report_unless_kept(fairness_watch_.step(all));
  }
  if (counts.pauses > 0) note(Occurrence::paused);
  if (counts.squeezes > 0) note(Occurrence::squeezed);
  if (counts.aged_starts > 0) note(Occurrence::started_aged);
  const ControllerView controller = engine_.scheduler().controller();
  if (world_.limits.parallel_adapts && step_ > 0 && controller.parallel != parallel_) note(Occurrence::parallel_moved);
  parallel_ = controller.parallel;
}

void Simulation::note_parked(const std::vector<Phase>& before) {
  for (const Track& track : tracks_) {
    const Sequence* one = engine_.scheduler().find(track.world->request.id);
    if (one == nullptr || one->state != SequenceState::parked || before[one->id.value - 1] != Phase::running) continue;
    const bool by_band = std::ranges::any_of(tracks_, [&](const Track& other) {
      const Sequence* started = engine_.scheduler().find(other.world->request.id);
      return started != nullptr && started->state == SequenceState::running && started->priority < one->priority &&
             before[started->id.value - 1] != Phase::running;
    });
    note(by_band ? Occurrence::parked_by_band : Occurrence::parked_for_memory);
  }
}

void Simulation::note_followers(const Batch& batch) {
  for (const Track& track : tracks_) {
    const Sequence* sequence = engine_.scheduler().find(track.world->request.id);
    if (sequence == nullptr || sequence->state != SequenceState::running) continue;
    const bool in_batch = std::ranges::find(batch.slices, sequence->id, &BatchSlice::sequence) != batch.slices.end();
    if (!in_batch && std::ssize(batch.tokens) < world_.limits.step_tokens_max) note(Occurrence::waited_for_leader);
    if (sequence->cached_tokens == 0) continue;
    note(Occurrence::prompt_cached);
    const int32_t said = track.world->prompt_said;
    if (said >= 0 && sequence->cached_tokens > said) note(Occurrence::answer_cached);
    // A block that two running ones have, one of which did not compute it.
    for (const Track& other : tracks_) {
      const Sequence* owner = engine_.scheduler().find(other.world->request.id);
      if (owner == nullptr || owner == sequence || owner->state != SequenceState::running) continue;
      if (!owner->blocks.empty() && !sequence->blocks.empty() && owner->blocks[0] == sequence->blocks[0]) {
        note(Occurrence::prompt_shared_live);
      }
    }
  }
}

}  // namespace quire::sim
