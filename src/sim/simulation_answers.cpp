// What a simulation hears of its requests, and what must be true of that.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "sim/simulation.h"

namespace quire::sim {

namespace {

template <typename T>
bool begins_with(const T& whole, const T& part) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace

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
  if (executor_.runs()) fail("a step is left running");
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
