#include "sim/promises.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "engine/engine.h"

namespace quire::sim {

namespace {

bool same_account(const Seen& a, const Seen& b) {
  return a.world->request.client == b.world->request.client && a.sequence->priority == b.sequence->priority;
}

auto arrival_of(const Seen& one) { return std::tuple(one.sequence->arrived_ns, one.sequence->id); }

}  // namespace

std::optional<std::string> OrderWatch::step(const std::vector<Seen>& all, int64_t pauses) {
  ++steps_;
  const bool paused = std::exchange(pauses_, pauses) != pauses;
  for (const Seen& a : all) {
    if (a.sequence->state != SequenceState::running) continue;
    // One that was parked and resumed in one plan has started anew, too.
    const bool resumed =
        std::exchange(preemptions_[a.sequence->id], a.sequence->preemptions) != a.sequence->preemptions;
    if (resumed || a.before != SequenceState::running) start_step_[a.sequence->id] = steps_;
  }
  for (const Seen& a : all) {
    if (a.sequence->state == SequenceState::running) continue;
    const bool parked_now = a.before == SequenceState::running;
    for (const Seen& b : all) {
      if (b.sequence->state != SequenceState::running) continue;
      const bool started = start_step_[b.sequence->id] == steps_;
      const uint64_t a_id = a.sequence->id.value, b_id = b.sequence->id.value;
      if (started && a.sequence->priority < b.sequence->priority) {
        return fmt::format("{} of band {} starts while {} of band {} is left behind", b_id, b.sequence->priority, a_id,
                           a.sequence->priority);
      }
      if (started && !parked_now && same_account(a, b) && arrival_of(a) < arrival_of(b)) {
        return fmt::format("{} starts while {} of the same client is left behind", b_id, a_id);
      }
      if (!parked_now || paused || started) continue;
      const auto order = [&](const Seen& one) {
        return std::pair(one.sequence->priority, start_step_[one.sequence->id]);
      };
      if (order(a) < order(b)) return fmt::format("{} is parked while {} runs on", a_id, b_id);
    }
  }
  return std::nullopt;
}

FairnessWatch::FairnessWatch(const World& world)
    : bound_tokens_(static_cast<double>(world.limits.block_count) * world.limits.block_tokens) {
  int32_t behind_max = 0;  // a step's tokens behind the first one of an answer: guessed or forced
  for (const WorldRequest& one : world.requests) {
    weight_min_ = std::min(weight_min_, one.request.client_weight);
    if (one.request.constraint != nullptr) {
      behind_max = std::max(behind_max, one.request.constraint->forced_max());
    } else if (world.draft_seed != 0) {
      behind_max = std::max(behind_max, draft_tokens_max);
    }
  }
  // ... and all of a step that is not committed while another one is planned.
  behind_max += world.limits.plans_ahead * (1 + behind_max);
  bound_tokens_ += static_cast<double>(std::min(world.limits.running_max, world.limits.step_tokens_max)) * behind_max;
}

void FairnessWatch::serve(const WorldRequest& world, int64_t cost_so_far) {
  const Request& request = world.request;
  int64_t& cost = costs_[request.id];
  if (cost_so_far <= cost) return;  // computing again what was lost is not service
  served_[{request.client, request.priority}] += static_cast<double>(cost_so_far - cost) / request.client_weight;
  cost = cost_so_far;
}

void FairnessWatch::finished(const WorldRequest& world, const Finished& finished) {
  if (finished.reason != FinishReason::stop && finished.reason != FinishReason::length) return;
  const RequestStats& stats = finished.stats;
  const Request& request = world.request;
  const bool is_read = request.pooling != Pooling::none || request.prompt_logprobs_top_n >= 0;
  if (stats.generated_tokens > 0 || is_read) {
    serve(world, stats.prompt_tokens - stats.cached_tokens + 2 * stats.generated_tokens);
  }
}

std::optional<std::string> FairnessWatch::step(const std::vector<Seen>& all) {
  std::set<Party> waiting;
  for (const Seen& one : all) {
    const Sequence& sequence = *one.sequence;
    if (sequence.state == SequenceState::waiting) waiting.insert({one.world->request.client, sequence.priority});
    // Of a context that is not its first, no prompt is its request's.
    const auto prompt = static_cast<int32_t>(one.world->request.prompt.size());
    const int32_t prompt_rows = one.said > 0 ? prompt : std::min(sequence.computed, prompt);
    const int64_t generated = std::max<int64_t>(one.said, sequence.length() - sequence.prompt_length);
    serve(*one.world, prompt_rows - sequence.cached_tokens + 2 * generated);
  }
  std::erase_if(together_, [&](const auto& item) {
    return !waiting.contains(item.first.first) || !waiting.contains(item.first.second);
  });
  for (const Party& a : waiting) {
    for (const Party& b : waiting) {
      if (a.second != b.second || !(a < b)) continue;
      const double difference = served_[a] - served_[b];
      const auto [at, fresh] = together_.try_emplace({a, b}, Range{difference, difference, difference});
      Range& range = at->second;
      range.least = std::min(range.least, difference);
      range.most = std::max(range.most, difference);
      widest_ = std::max(widest_, range.most - range.least);
      if (range.most - range.least > bound()) {
        return fmt::format("clients {} and {} both wait, and one was served {} more than the other (at most {})",
                           a.first, b.first, range.most - range.least, bound());
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> WaitingWatch::step(const std::vector<Seen>& all) {
  ++steps_;
  const int64_t context = world_.limits.context_tokens;
  for (const Seen& one : all) {
    const Sequence& sequence = *one.sequence;
    if (sequence.state != SequenceState::waiting) {
      latest_.erase(sequence.id);
      continue;
    }
    const int64_t waited = waited_[sequence.id]++;
    if (waited == int64_t{world_.limits.ageing_steps} * (sequence.priority + 1)) {
      // Each step samples a token of those that are there, or computes a row of the first of them; a displaced one
      // may have to begin again once.
      int64_t bound = 1;
      for (const Seen& other : all) {
        const Request& request = other.world->request;
        const int64_t left = request.shift_keep < 0 ? other.sequence->length_max - other.sequence->length()
                                                    : int64_t{request.generated_max};
        bound += (left + 1) * (context + 1);
      }
      latest_[sequence.id] = steps_ + bound * (1 + world_.limits.plans_ahead);
    }
    if (const auto at = latest_.find(sequence.id); at != latest_.end() && steps_ > at->second) {
      return fmt::format("{} waits beyond the bound on waiting", sequence.id.value);
    }
  }
  return std::nullopt;
}

}  // namespace quire::sim
