#include "sched/seats.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace quire {
namespace {

using Kind = SeatDecision::Kind;

// Memory that comes back from outside tells nobody.
constexpr int64_t memory_look_ns = 1'000'000'000;

bool passed(int64_t moment_ns, int64_t now_ns) { return moment_ns >= 0 && moment_ns <= now_ns; }

}  // namespace

int32_t Seats::Model::most_urgent() const {
  const auto used = std::ranges::find_if(uses_by_band, [](int32_t count) { return count > 0; });
  return static_cast<int32_t>(used - uses_by_band.begin());
}

void Seats::arrive(const SeatDemand& demand, int64_t now_ns) {
  QUIRE_CHECK(demand.band < band_count, "a band is one of eight");
  reserve_decisions();
  if (stopping_) {
    next_.push_back({.kind = Kind::end, .model = demand.model, .request = demand.request, .reason = SeatEnd::stopping});
    return;
  }
  const auto known = models_.find(demand.model);
  const bool enters = known != models_.end() && known->second.admits();
  const bool many = waiting_count() >= limits_.queue_max;
  const bool long_ones =
      limits_.queue_tokens_max > 0 && !waiting_.empty() && waiting_tokens_ + demand.tokens > limits_.queue_tokens_max;
  if (!enters && (many || long_ones)) {
    next_.push_back({.kind = Kind::end, .model = demand.model, .request = demand.request, .reason = SeatEnd::busy});
    return;
  }
  Model& model = models_[demand.model];  // where the next line throws it stays, and is forgotten with a later request
  const bool is_new = waiting_.emplace(demand.request, Waiting{.demand = demand, .arrived_ns = now_ns}).second;
  QUIRE_CHECK(is_new && !using_.contains(demand.request), "a request arrives once");
  ++model.waiting;
  waiting_tokens_ += demand.tokens;
}

// Room for what can be decided until the next request comes: an end or an admission for each that waits, and two
// changes of each model.
void Seats::reserve_decisions() {
  const size_t most = next_.size() + waiting_.size() + 1 + 2 * (models_.size() + 1);
  for (std::vector<SeatDecision>* list : {&next_, &decided_}) {
    if (list->capacity() < most) list->reserve(2 * most);
  }
}

bool Seats::cancel(SeatRequestId request) {
  const auto place = waiting_.find(request);
  if (place == waiting_.end()) return false;
  end(place, SeatEnd::cancelled);
  return true;
}

void Seats::release(SeatRequestId request, int64_t now_ns) {
  const auto use = using_.find(request);
  QUIRE_CHECK(use != using_.end(), "only who was admitted is released, and once");
  Model& model = models_.at(use->second.demand.model);
  --model.uses_by_band[use->second.demand.band];
  if (--model.uses == 0) model.idle_since_ns = now_ns;
  using_.erase(use);
}

void Seats::load_finished(ModelId id, bool loaded, int64_t now_ns) {
  Model& model = models_.at(id);
  QUIRE_CHECK(model.state == SeatState::loading, "what is loaded was being loaded");
  load_ns_ = now_ns - model.load_began_ns;
  if (loaded) {
    model.state = SeatState::ready;
    model.idle_since_ns = now_ns;
    model.turn_ends_ns = now_ns + std::max(limits_.turn_min_ns, load_ns_);
    return;
  }
  model.state = SeatState::absent;
  end_all_of(id, SeatEnd::failed);
  forget_if_unused(id);
}

void Seats::unload_finished(ModelId id) {
  const auto model = models_.find(id);
  QUIRE_CHECK(model != models_.end() && model->second.state == SeatState::unloading, "it was being unloaded");
  model->second.state = SeatState::absent;
  forget_if_unused(id);
}

void Seats::keep_alive(ModelId id, int64_t ns) {
  const auto model = models_.find(id);
  if (model != models_.end() && model->second.state != SeatState::absent) model->second.keep_alive_ns = ns;
}

void Seats::broken(ModelId id) {
  const auto model = models_.find(id);
  if (model == models_.end() || model->second.state != SeatState::ready) return;
  model->second.is_broken = true;
  model->second.gives_way = false;
}

void Seats::holds(ModelId id, uint64_t bytes) {
  const auto model = models_.find(id);
  if (model != models_.end()) model->second.held_bytes = bytes;
}

bool Seats::asks_memory() const {
  return std::ranges::any_of(
      waiting_, [&](const auto& one) { return models_.at(one.second.demand.model).state == SeatState::absent; });
}

const std::vector<SeatDecision>& Seats::decide(int64_t now_ns, const SeatMemory& memory) {
  lacks_memory_ = false;
  end_expired(now_ns);
  while (stopping_ && !waiting_.empty()) end(waiting_.begin(), SeatEnd::stopping);
  unload_expired(now_ns);
  do {
    admit_ready();
  } while (serve_first(now_ns, memory));
  plan_next_look(now_ns);
  decided_.clear();
  std::swap(decided_, next_);
  return decided_;
}

// What waits is over when its moment has come, whatever else happens at that moment.
void Seats::end_expired(int64_t now_ns) {
  for (auto place = waiting_.begin(); place != waiting_.end();) {
    const auto next = std::next(place);
    const SeatDemand& demand = place->second.demand;
    if (passed(demand.deadline_ns, now_ns)) {
      end(place, SeatEnd::deadline);
    } else if (passed(demand.queue_deadline_ns, now_ns)) {
      end(place, SeatEnd::queue_timeout);
    }
    place = next;
  }
}

void Seats::unload_expired(int64_t now_ns) {
  for (auto& [id, model] : models_) {
    if (!model.idle() || (model.waiting > 0 && !model.is_broken)) continue;
    const bool expired = model.keep_alive_ns >= 0 && now_ns - model.idle_since_ns >= model.keep_alive_ns;
    if (expired || stopping_ || model.is_broken) begin_unload(id, model);
  }
}

void Seats::admit_ready() {
  for (auto place = waiting_.begin(); place != waiting_.end();) {
    const auto next = std::next(place);
    if (models_.at(place->second.demand.model).admits()) admit(place);
    place = next;
  }
}

// The first in the line of those whose model is neither ready for all nor on its way.
Seats::Place Seats::first_without_seat(int64_t now_ns) {
  Place first = waiting_.end();
  for (auto place = waiting_.begin(); place != waiting_.end(); ++place) {
    if (models_.at(place->second.demand.model).state == SeatState::loading) continue;
    if (first == waiting_.end() || rank(place->second, now_ns) < rank(first->second, now_ns)) first = place;
  }
  return first;
}

// Does for the first of the line what can be done now. True: somebody else may be admitted for it, or be the first.
bool Seats::serve_first(int64_t now_ns, const SeatMemory& memory) {
  const Place first = first_without_seat(now_ns);
  if (first == waiting_.end()) return give_way(models_.end());
  const ModelId id = first->second.demand.model;
  Model& model = models_.at(id);
  if (model.gives_way) {
    admit(first);
    return true;
  }
  // A model that goes leaves its own seat to whoever waits for it.
  if (model.state != SeatState::absent || changes(SeatState::loading)) return give_way(models_.end());

  const SeatDemand& demand = first->second.demand;
  const uint64_t needed = seat_bytes(demand.size_bytes);
  uint64_t held_bytes = 0;
  for (const auto& [other, seated] : models_) {
    if (seated.state != SeatState::absent) held_bytes += std::max(seated.size_bytes, seated.held_bytes);
  }
  if (needed > memory.available_bytes + held_bytes) {
    end_all_of(id, SeatEnd::no_memory);
    return true;
  }
  const int32_t taken = seats_taken();
  const uint64_t free_bytes = memory.available_bytes - std::min(memory.available_bytes, memory.reserve_bytes);
  const bool fits = needed <= free_bytes || (taken == 0 && needed <= memory.available_bytes);
  const bool has_seat = taken < limits_.models_max;
  lacks_memory_ = has_seat && !fits;
  // One that goes makes room: then all is looked at again.
  if (changes(SeatState::unloading)) return give_way(models_.end());
  if (!has_seat || !fits) return make_room(first->second, now_ns);
  model.state = SeatState::loading;
  model.load_began_ns = now_ns;
  model.size_bytes = demand.size_bytes;
  model.held_bytes = 0;
  model.keep_alive_ns = demand.keep_alive_ns;
  next_.push_back({.kind = Kind::begin_load, .model = id});
  give_way(models_.end());
  return true;
}

bool Seats::make_room(const Waiting& first, int64_t now_ns) {
  auto oldest = models_.end();
  for (auto model = models_.begin(); model != models_.end(); ++model) {
    if (!model->second.idle()) continue;
    if (oldest == models_.end() || model->second.idle_since_ns < oldest->second.idle_since_ns) oldest = model;
  }
  if (oldest == models_.end()) return give_way(choose_to_give_way(first, now_ns));
  begin_unload(oldest->first, oldest->second);
  return give_way(models_.end());
}

// An overdue request may ask any model, another one only those that less urgent ones use: as displacing is in a step.
bool Seats::may_ask(const Model& model, const Waiting& first, int64_t now_ns) const {
  if (model.state != SeatState::ready || now_ns < model.turn_ends_ns) return false;
  return overdue(first, now_ns) || first.demand.band < model.most_urgent();
}

// The one that does already; else the one with the least urgent users, of those the one whose turn ended first.
Seats::Models::iterator Seats::choose_to_give_way(const Waiting& first, int64_t now_ns) {
  auto best = models_.end();
  for (auto model = models_.begin(); model != models_.end(); ++model) {
    if (model->second.is_broken) return models_.end();  // it goes anyway
    if (!may_ask(model->second, first, now_ns)) continue;
    const auto cost = [](const Model& one) {
      return std::tuple(!one.gives_way, band_count - one.most_urgent(), one.turn_ends_ns);
    };
    if (best == models_.end() || cost(model->second) < cost(best->second)) best = model;
  }
  return best;
}

// From now on `chosen` gives way and nobody else. True when another one admits all again.
bool Seats::give_way(Models::iterator chosen) {
  bool admits_again = false;
  for (auto model = models_.begin(); model != models_.end(); ++model) {
    if (model == chosen || !model->second.gives_way) continue;
    model->second.gives_way = false;
    admits_again = true;
  }
  if (chosen != models_.end()) chosen->second.gives_way = true;
  return admits_again;
}

// The moment at which the next thing happens that no event tells of.
void Seats::plan_next_look(int64_t now_ns) {
  next_look_ns_ = -1;
  for (const auto& [request, waiting] : waiting_) {
    if (waiting.demand.deadline_ns >= 0) look_at(waiting.demand.deadline_ns);
    if (waiting.demand.queue_deadline_ns >= 0) look_at(waiting.demand.queue_deadline_ns);
    if (models_.at(waiting.demand.model).state == SeatState::loading || overdue(waiting, now_ns)) continue;
    const int64_t lifted = (now_ns - waiting.arrived_ns) / limits_.ageing_ns;
    look_at(waiting.arrived_ns + (lifted + 1) * limits_.ageing_ns);
  }
  for (const auto& [id, model] : models_) {
    if (model.idle() && model.waiting == 0 && model.keep_alive_ns >= 0) {
      const bool overflows = model.keep_alive_ns > INT64_MAX - model.idle_since_ns;
      if (!overflows) look_at(model.idle_since_ns + model.keep_alive_ns);
    }
    if (!waiting_.empty() && model.state == SeatState::ready && model.turn_ends_ns > now_ns) {
      look_at(model.turn_ends_ns);
    }
  }
  if (lacks_memory_) look_at(now_ns + memory_look_ns);
}

void Seats::look_at(int64_t ns) {
  if (next_look_ns_ < 0 || ns < next_look_ns_) next_look_ns_ = ns;
}

Seats::Rank Seats::rank(const Waiting& waiting, int64_t now_ns) const {
  const int64_t lifted = (now_ns - waiting.arrived_ns) / limits_.ageing_ns;
  const int64_t band = waiting.demand.band;
  return {.band = static_cast<uint8_t>(band - std::min(lifted, band)),
          .later = lifted <= band,
          .arrived_ns = waiting.arrived_ns,
          .request = waiting.demand.request};
}

void Seats::admit(Place place) {
  const SeatDemand demand = place->second.demand;
  Model& model = models_.at(demand.model);
  --model.waiting;
  ++model.uses;
  ++model.uses_by_band[demand.band];
  waiting_tokens_ -= demand.tokens;
  next_.push_back({.kind = Kind::admit, .model = demand.model, .request = demand.request});
  using_.insert(waiting_.extract(place));
}

void Seats::end(Place place, SeatEnd reason) {
  const SeatDemand demand = place->second.demand;
  --models_.at(demand.model).waiting;
  waiting_tokens_ -= demand.tokens;
  next_.push_back({.kind = Kind::end, .model = demand.model, .request = demand.request, .reason = reason});
  waiting_.erase(place);
  forget_if_unused(demand.model);
}

void Seats::end_all_of(ModelId model, SeatEnd reason) {
  for (auto place = waiting_.begin(); place != waiting_.end();) {
    const auto next = std::next(place);
    if (place->second.demand.model == model) end(place, reason);
    place = next;
  }
}

void Seats::begin_unload(ModelId id, Model& model) {
  QUIRE_CHECK(model.idle(), "only an idle model is unloaded");
  model.state = SeatState::unloading;
  model.gives_way = model.is_broken = false;
  next_.push_back({.kind = Kind::begin_unload, .model = id});
}

void Seats::forget_if_unused(ModelId id) {
  const auto model = models_.find(id);
  if (model == models_.end()) return;
  if (model->second.state == SeatState::absent && model->second.waiting == 0) models_.erase(model);
}

bool Seats::changes(SeatState state) const {
  return std::ranges::any_of(models_, [&](const auto& one) { return one.second.state == state; });
}

int32_t Seats::seats_taken() const {
  return static_cast<int32_t>(
      std::ranges::count_if(models_, [](const auto& one) { return one.second.state != SeatState::absent; }));
}

SeatState Seats::state(ModelId id) const {
  const auto model = models_.find(id);
  return model == models_.end() ? SeatState::absent : model->second.state;
}

SeatView Seats::view(ModelId id) const {
  const auto model = models_.find(id);
  if (model == models_.end()) return {};
  return {.state = model->second.state,
          .gives_way = model->second.gives_way,
          .uses = model->second.uses,
          .keep_alive_ns = model->second.keep_alive_ns,
          .idle_since_ns = model->second.idle_since_ns};
}

std::vector<SeatWait> Seats::line(int64_t now_ns) const {
  std::vector<const Waiting*> ordered;
  for (const auto& [request, waiting] : waiting_) ordered.push_back(&waiting);
  std::ranges::sort(ordered, std::less{}, [&](const Waiting* one) { return rank(*one, now_ns); });
  std::map<ModelId, int32_t> positions;
  std::vector<SeatWait> line;
  for (const Waiting* one : ordered) {
    const SeatDemand& demand = one->demand;
    line.push_back({.request = demand.request,
                    .model = demand.model,
                    .position = positions[demand.model]++,
                    .band = rank(*one, now_ns).band});
  }
  return line;
}

}  // namespace quire
