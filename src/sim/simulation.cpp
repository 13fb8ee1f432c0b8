#include "sim/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "sim/vocabulary.h"

namespace quire::sim {

namespace {

constexpr int64_t step_ns = 1000;

std::map<SequenceId, Fault> faults_of(const World& world) {
  std::map<SequenceId, Fault> faults;
  for (const WorldRequest& one : world.requests) {
    if (one.fault) faults.emplace(one.request.id, *one.fault);
  }
  return faults;
}

// The order of design section 7 in its simple form, said once more and not taken from Policy.
auto order_of(const Sequence& sequence) {
  return std::tuple(sequence.priority, sequence.arrived_ns, sequence.id.value);
}

template <typename T>
bool begins_with(const T& whole, const T& part) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace

Simulation::Simulation(const World& world, const Tokenizer& tokenizer, Trace trace)
    : world_(world),
      tokenizer_(tokenizer),
      trace_(std::move(trace)),
      executor_(world.limits, tokenizer.vocab_size(), faults_of(world),
                [this](const Batch& batch) { watch_step(batch); }),
      engine_(world.limits, executor_, tokenizer, clock_, [this](std::vector<Event>&& events) {
        for (const Event& event : events) receive(event);
      }) {
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
    note_phases();
    engine_.step();
    engine_.scheduler().check_invariants();
    note_phases();
    clock_.advance_ns(step_ns);
    if (!report_.failures.empty()) break;
  }
  if (report_.failures.empty()) check_end();
  report_.steps = step_;
  report_.rows_computed = executor_.rows_computed();
  for (Track& track : tracks_) report_.answers.push_back(std::move(track.answer));
  return std::move(report_);
}

// Each step samples a token, or else the first in rank among the running ones computes a row of at most one context;
// a request that arrives may take that place once.
int64_t Simulation::steps_bound() const {
  int64_t generated = 0, last_arrival = 0;
  const int64_t context = engine_.limits().context_tokens;
  for (const WorldRequest& one : world_.requests) {
    const int64_t wanted = one.request.generated_max < 0 ? context : one.request.generated_max;
    generated += std::min(context, wanted) + 1;
    last_arrival = std::max<int64_t>(last_arrival, one.arrival_step);
  }
  return last_arrival + 2 + (generated + std::ssize(world_.requests)) * (context + 1);
}

void Simulation::fail(std::string what) { report_.failures.push_back(fmt::format("step {}: {}", step_, what)); }

void Simulation::submit(Track& track) {
  Request request = track.world->request;
  request.arrived_ns = clock_.now_ns();
  if (track.world->deadline_steps >= 0) {
    request.deadline_ns = request.arrived_ns + track.world->deadline_steps * step_ns;
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
}

// In the middle of a step: planned, not yet computed.
void Simulation::watch_step(const Batch& batch) {
  engine_.scheduler().check_invariants();
  if (std::ssize(batch.tokens) > world_.limits.step_tokens_max) fail("more rows than the budget");
  std::vector<Phase> before;
  for (const Track& track : tracks_) before.push_back(track.phase);
  note_followers(batch);
  check_order(before);
  note_phases();
  check_streams_advance(batch);
  check_salts(batch);
  if (!trace_) return;
  std::string line = fmt::format("step {:4}:", step_);
  for (const BatchSlice& slice : batch.slices) {
    const int32_t rows = slice.row_end - slice.row_begin;
    line += fmt::format(" {}[{},{}){}", slice.sequence.value, slice.position_begin, slice.position_begin + rows,
                        slice.logits_row >= 0 ? "*" : "");
  }
  const SchedulerCounts counts = engine_.scheduler().counts();
  trace_(line + fmt::format("  | waiting {} running {} parked {} | free {} held {} cached {}", counts.waiting,
                            counts.running, counts.parked, counts.blocks_free, counts.blocks_held,
                            counts.blocks_cached));
}

void Simulation::check_streams_advance(const Batch& batch) {
  for (const Track& track : tracks_) {
    const SequenceId id = track.world->request.id;
    const Sequence* sequence = engine_.scheduler().find(id);
    if (sequence == nullptr || sequence->state != SequenceState::running) continue;
    if (sequence->length() - sequence->computed != 1) continue;
    const auto at = std::ranges::find(batch.slices, id, &BatchSlice::sequence);
    if (at == batch.slices.end()) fail(fmt::format("stream {} does not advance", id.value));
  }
}

// Nobody is started while a better one is left behind; nobody is parked while a worse one runs on.
void Simulation::check_order(const std::vector<Phase>& before) {
  for (const Track& a : tracks_) {
    const Sequence* one = engine_.scheduler().find(a.world->request.id);
    if (one == nullptr || one->state == SequenceState::running) continue;
    const bool parked_now = before[one->id.value - 1] == Phase::running;
    bool by_band = false;
    for (const Track& b : tracks_) {
      const Sequence* other = engine_.scheduler().find(b.world->request.id);
      if (other == nullptr || other->state != SequenceState::running) continue;
      const bool started = before[other->id.value - 1] != Phase::running;
      by_band = by_band || (started && other->priority < one->priority);
      if (order_of(*other) < order_of(*one)) continue;
      if (started) fail(fmt::format("{} starts while {} is left behind", other->id.value, one->id.value));
      if (parked_now) fail(fmt::format("{} is parked while {} runs on", one->id.value, other->id.value));
    }
    if (parked_now) note(by_band ? Occurrence::parked_by_band : Occurrence::parked_for_memory);
  }
}

// Rows are written for the salt of the sequence that writes them, and read by that salt only.
void Simulation::check_salts(const Batch& batch) {
  const int32_t block_tokens = world_.limits.block_tokens;
  for (const BatchSlice& slice : batch.slices) {
    const uint64_t salt = engine_.scheduler().find(slice.sequence)->cache_salt;
    const int32_t end = slice.position_begin + slice.row_end - slice.row_begin;
    for (int32_t index = 0; index * block_tokens < end; ++index) {
      const int32_t block = slice.blocks[static_cast<size_t>(index)].value;
      if ((index + 1) * block_tokens > slice.position_begin) {
        salt_of_block_[block] = salt;
      } else if (salt_of_block_[block] != salt) {
        fail(fmt::format("sequence {} reads rows of another salt", slice.sequence.value));
      }
    }
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

void Simulation::receive(const Event& event) {
  Track& track = track_of(event.id);
  if (track.finished) return fail(fmt::format("an event of {} after its last", event.id.value));
  if (const auto* delta = std::get_if<TextDelta>(&event.body)) {
    track.answer.text += delta->text;
    track.answer.tokens.insert(track.answer.tokens.end(), delta->tokens.begin(), delta->tokens.end());
    return;
  }
  receive_finished(track, std::get<Finished>(event.body));
}

void Simulation::receive_finished(Track& track, const Finished& finished) {
  track.finished = true;
  track.answer.reason = finished.reason;
  const auto by_phase = [&](Occurrence waiting, Occurrence running, Occurrence parked, Occurrence without) {
    switch (track.phase == Phase::ended ? track.last : track.phase) {
      case Phase::waiting:
        return note(waiting);
      case Phase::running:
        return note(running);
      case Phase::parked:
        return note(parked);
      default:
        return note(without);
    }
  };
  switch (finished.reason) {
    case FinishReason::stop:
      note(finished.stop_text.empty() ? Occurrence::ended_stop_token : Occurrence::ended_stop_text);
      break;
    case FinishReason::length:
      note(Occurrence::ended_length);
      break;
    case FinishReason::cancelled:
      if (!track.cancelled_by_us) fail(fmt::format("{} was cancelled by nobody", track.world->request.id.value));
      by_phase(Occurrence::cancelled_waiting, Occurrence::cancelled_running, Occurrence::cancelled_parked,
               Occurrence::cancelled_parked_without);
      break;
    case FinishReason::deadline: {
      const int64_t due = track.world->arrival_step + track.world->deadline_steps;
      if (track.world->deadline_steps < 0 || due != step_) {
        fail(fmt::format("{} ended by its deadline of step {}", track.world->request.id.value, due));
      }
      by_phase(Occurrence::deadline_waiting, Occurrence::deadline_running, Occurrence::deadline_parked,
               Occurrence::deadline_parked_without);
      break;
    }
    case FinishReason::error:
      if (finished.error_kind == ErrorKind::busy) {
        note(Occurrence::refused_busy);
      } else if (finished.error_kind == ErrorKind::too_large) {
        note(Occurrence::refused_too_large);
      } else if (track.world->fault) {
        note(track.world->fault->kind == FaultKind::fails ? Occurrence::failed : Occurrence::logits_not_numbers);
      } else {
        fail(fmt::format("{} failed without a fault: {}", track.world->request.id.value, finished.error));
      }
      break;
  }
  check_answer(track, finished);
}

// The same tokens and text as alone; the beginning of them when something cut it off.
void Simulation::check_answer(const Track& track, const Finished& finished) {
  const Request& request = track.world->request;
  const int32_t context = engine_.limits().context_tokens;
  if (std::ssize(request.prompt) >= context) {
    if (finished.error_kind != ErrorKind::too_large) fail(fmt::format("{} does not fit", request.id.value));
    return;
  }
  const Answer alone = answer_alone(request, context, tokenizer_);
  const bool complete = finished.reason == FinishReason::stop || finished.reason == FinishReason::length;
  const bool same =
      complete
          ? track.answer.tokens == alone.tokens && track.answer.text == alone.text && finished.reason == alone.reason
          : begins_with(alone.tokens, track.answer.tokens) && begins_with(alone.text, track.answer.text);
  if (!same) {
    fail(fmt::format("{} answers \"{}\" and alone \"{}\"; {}", request.id.value, track.answer.text, alone.text,
                     executor_.misread().value_or("no row was read in a wrong place")));
  }
  if (!request.use_cache && finished.stats.cached_tokens != 0) {
    fail(fmt::format("{} asked not to use the cache and did", request.id.value));
  }
  if (finished.stats.cached_tokens >= std::ssize(request.prompt)) {
    fail(fmt::format("{} computed nothing of its prompt", request.id.value));
  }
}

void Simulation::check_end() {
  for (const Track& track : tracks_) {
    if (!track.finished) fail(fmt::format("{} has no last event", track.world->request.id.value));
  }
  const SchedulerCounts counts = engine_.scheduler().counts();
  if (counts.waiting + counts.running + counts.parked != 0) fail("sequences are left");
  if (counts.blocks_held != 0 || counts.blocks_free + counts.blocks_cached != counts.blocks_total) {
    fail("blocks are left held");
  }
  if (executor_.misread()) fail(*executor_.misread());
}

}  // namespace quire::sim
