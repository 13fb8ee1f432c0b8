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
    note_phases();
    engine_.step();
    engine_.scheduler().check_invariants();
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
// a request that arrives may take that place once.
int64_t Simulation::steps_bound() const {
  int64_t generated = 0, last_arrival = 0;
  const int64_t context = engine_.limits().context_tokens;
  for (const WorldRequest& one : world_.requests) {
    const int64_t wanted = one.request.generated_max < 0 ? context : one.request.generated_max;
    generated += (one.request.shift_keep < 0 ? std::min(context, wanted) : wanted) + 1;
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
  report_unless_kept(memory_watch_.step(batch, engine_.scheduler(), world_.limits.block_tokens, report_.occurrences));
  charge(batch);
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
    if (at == batch.slices.end()) {
      // Whole blocks of forced tokens may be computed by another stream that said the same.
      const bool whole = behind > world_.limits.block_tokens && sequence.computed % world_.limits.block_tokens == 0;
      const int32_t block = sequence.computed / world_.limits.block_tokens;
      const bool follows = whole && std::ranges::any_of(streams, [&](SequenceId other) {
                             return engine_.scheduler().find(other)->computed / world_.limits.block_tokens == block &&
                                    std::ranges::find(batch.slices, other, &BatchSlice::sequence) != batch.slices.end();
                           });
      if (!follows) fail(fmt::format("stream {} does not advance", id.value));
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

// In the middle of a step.
void Simulation::check_promises() {
  const std::vector<Seen> all = seen();
  const SchedulerCounts counts = engine_.scheduler().counts();
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

void Simulation::receive(const Event& event) {
  Track& track = track_of(event.id);
  if (track.finished) return fail(fmt::format("an event of {} after its last", event.id.value));
  if (const auto* delta = std::get_if<TextDelta>(&event.body)) {
    track.answer.text += delta->text;
    track.answer.tokens.insert(track.answer.tokens.end(), delta->tokens.begin(), delta->tokens.end());
    return;
  }
  if (const auto* prompt = std::get_if<PromptLogprobs>(&event.body)) {
    if (!track.answer.tokens.empty()) fail(fmt::format("{} hears of its prompt too late", event.id.value));
    add_logprobs(prompt->positions, track.answer.prompt_logprobs);
    note(Occurrence::prompt_scored);
    return;
  }
  receive_finished(track, std::get<Finished>(event.body));
}

void Simulation::receive_finished(Track& track, const Finished& finished) {
  track.finished = true;
  fairness_watch_.finished(*track.world, finished);
  track.answer.reason = finished.reason;
  track.answer.embedding = finished.embedding;
  if (!finished.embedding.empty()) note(Occurrence::prompt_pooled);
  const bool refused = finished.reason == FinishReason::error &&
                       (finished.error_kind == ErrorKind::busy || finished.error_kind == ErrorKind::too_large);
  ++(refused ? told_.refused : told_.finished[static_cast<size_t>(finished.reason)]);
  told_.generated_tokens += finished.stats.generated_tokens;
  told_.preemptions += finished.stats.preemptions;
  told_.recomputed_tokens += finished.stats.recomputed_tokens;
  answered_ += finished.stats.generated_tokens > 0 ? 1 : 0;
  answered_more_ += finished.stats.generated_tokens > 1 ? 1 : 0;
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
      const WorldRequest& world = *track.world;
      const bool in_queue = finished.error.find("queue") != std::string::npos;
      const int64_t due = world.arrival_step + (in_queue ? world.queue_steps : world.deadline_steps);
      if (due < world.arrival_step || due != step_ || (in_queue && finished.stats.generated_tokens > 0)) {
        fail(fmt::format("{} ended by its deadline of step {}", world.request.id.value, due));
      }
      if (in_queue) note(Occurrence::deadline_of_queue);
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
  const bool answers =
      request.pooling == Pooling::none && (request.generated_max != 0 || request.prompt_logprobs_top_n < 0);
  if (std::ssize(request.prompt) + (answers ? 1 : 0) > context) {
    if (finished.error_kind != ErrorKind::too_large) fail(fmt::format("{} does not fit", request.id.value));
    return;
  }
  const Answer alone = answer_alone(request, engine_.limits(), tokenizer_);
  const bool complete = finished.reason == FinishReason::stop || finished.reason == FinishReason::length;
  const bool same =
      complete
          ? track.answer.tokens == alone.tokens && track.answer.text == alone.text && finished.reason == alone.reason &&
                track.answer.prompt_logprobs == alone.prompt_logprobs && track.answer.embedding == alone.embedding
          : begins_with(alone.tokens, track.answer.tokens) && begins_with(alone.text, track.answer.text) &&
                begins_with(alone.prompt_logprobs, track.answer.prompt_logprobs);
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
  if (counts.blocks_held != 0 ||
      counts.blocks_free + counts.blocks_cached + counts.blocks_withheld != counts.blocks_total) {
    fail("blocks are left held");
  }
  if (counts.windows.held + counts.states.held != 0) fail("window blocks or states are left held");
  if (executor_.misread()) fail(*executor_.misread());
  check_totals();
}

// Each request and each token was counted once. (What a last step computed again is too late for a Finished event.)
void Simulation::check_totals() {
  const EngineTotals totals = engine_.snapshot().totals;
  const auto sum = [](const auto& counts) { return std::accumulate(counts.begin(), counts.end(), int64_t{0}); };
  int64_t first_tokens = 0;
  for (const auto& band : totals.first_token_time) first_tokens += band.count();
  const bool kept = totals.finished == told_.finished && totals.refused == told_.refused &&
                    totals.generated_tokens == told_.generated_tokens && totals.preemptions == told_.preemptions &&
                    totals.recomputed_tokens >= told_.recomputed_tokens &&
                    sum(totals.submitted) == std::ssize(tracks_) &&
                    totals.request_time.count() == sum(told_.finished) &&
                    totals.answer_lengths.sum() == told_.generated_tokens && first_tokens == answered_ &&
                    totals.prefill_time.count() == answered_ && totals.decode_time.count() == answered_ &&
                    totals.inference_time.count() == answered_ && totals.mean_gap.count() == answered_more_ &&
                    totals.inference_time.sum() == totals.prefill_time.sum() + totals.decode_time.sum() &&
                    totals.token_gap.count() == told_.generated_tokens - answered_ &&
                    totals.step_time.count() == totals.step_rows.count();
  if (!kept) fail("the engine's totals are not what its events said");
}

}  // namespace quire::sim
