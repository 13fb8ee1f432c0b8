#include "sim/seat_promises.h"

#include <fmt/format.h>

#include <algorithm>

namespace quire::sim {
namespace {

constexpr size_t nobody = SIZE_MAX;
constexpr int64_t memory_look_ns = 1'000'000'000;  // memory that comes back is seen within a second

}  // namespace

SeatPromises::SeatPromises(const SeatWorld& world, std::vector<std::string>& failures)
    : world_(world), failures_(failures), models_(world.models.size()), requests_(world.requests.size()) {}

void SeatPromises::fail(int64_t now_ns, const std::string& what) {
  failures_.push_back(fmt::format("at {} ns: {}", now_ns, what));
}

void SeatPromises::expect(bool held, int64_t now_ns, const char* promise) {
  if (!held) fail(now_ns, promise);
}

// The seats will be asked again at this moment or before.
void SeatPromises::expect_look(const Seats& seats, int64_t now_ns, int64_t by_ns, const char* promise) {
  expect(seats.next_look_ns() >= 0 && seats.next_look_ns() <= by_ns, now_ns, promise);
}

// The longest that one waiter before it in the line can keep a request waiting: a load that goes on, the turn of the
// model that gives way, the end of each model's users and its unloading (for memory, of all), its own load.
int64_t SeatPromises::round_ns() const {
  int64_t load = 0, unload = 0, use = 0;
  for (const SeatWorldModel& model : world_.models) {
    load = std::max(load, model.load_ns);
    unload = std::max(unload, model.unload_ns);
  }
  for (const SeatWorldRequest& request : world_.requests) use = std::max(use, request.use_ns);
  const int64_t turn = std::max(world_.limits.turn_min_ns, load);
  return turn + world_.limits.models_max * (use + unload) + 2 * load;
}

void SeatPromises::arrives(size_t index, int64_t now_ns) {
  const SeatWorldRequest& of = world_.requests[index];
  int64_t tokens = of.tokens;
  const size_t waiting = waiting_count();
  for (size_t other = 0; other < requests_.size(); ++other) {
    if (requests_[other].state == RequestState::waiting) tokens += world_.requests[other].tokens;
  }
  const SeatLimits& limits = world_.limits;
  Request& request = requests_[index];
  expect(request.state == RequestState::outside, now_ns, "a request arrives once");
  request.may_be_busy = waiting >= static_cast<size_t>(limits.queue_max) ||
                        (limits.queue_tokens_max > 0 && waiting > 0 && tokens > limits.queue_tokens_max);
  request.wait_max_ns = (of.band + 1) * limits.ageing_ns + static_cast<int64_t>(waiting + 1) * round_ns();
  request.state = RequestState::waiting;
}

void SeatPromises::releases(size_t index, int64_t now_ns) {
  Model& model = models_[world_.requests[index].model];
  std::erase(model.users, index);
  if (model.users.empty()) model.idle_since_ns = now_ns;
  requests_[index].state = RequestState::over;
}

void SeatPromises::load_ends(uint32_t index, bool loaded, int64_t now_ns) {
  Model& model = models_[index];
  model.state = loaded ? SeatState::ready : SeatState::absent;
  model.failed = !loaded;
  model.broken = false;
  model.idle_since_ns = now_ns;
  model.turn_ends_ns = now_ns + std::max(world_.limits.turn_min_ns, now_ns - model.load_began_ns);
}

void SeatPromises::keeps_alive(uint32_t index, int64_t ns) {
  if (models_[index].state != SeatState::absent) models_[index].keep_alive_ns = ns;
}

void SeatPromises::breaks(uint32_t index) {
  if (models_[index].state == SeatState::ready) models_[index].broken = true;
}

SeatMemory SeatPromises::memory() const {
  uint64_t taken = others_bytes_;
  for (size_t index = 0; index < models_.size(); ++index) {
    const SeatState state = models_[index].state;
    if (state == SeatState::ready || state == SeatState::unloading) taken += world_.models[index].held_bytes;
  }
  return {.available_bytes = world_.total_bytes - std::min(world_.total_bytes, taken),
          .reserve_bytes = world_.reserve_bytes};
}

bool SeatPromises::overdue(size_t request, int64_t now_ns) const {
  return waited_ns(request, now_ns) >= (world_.requests[request].band + 1) * world_.limits.ageing_ns;
}

// Is `one` before `other` in the line?
bool SeatPromises::before(size_t one, size_t other, int64_t now_ns) const {
  const bool one_overdue = overdue(one, now_ns), other_overdue = overdue(other, now_ns);
  if (one_overdue != other_overdue) return one_overdue;
  const auto band = [&](size_t request) {
    return std::max<int64_t>(0, world_.requests[request].band - waited_ns(request, now_ns) / world_.limits.ageing_ns);
  };
  if (!one_overdue && band(one) != band(other)) return band(one) < band(other);
  const int64_t one_ns = world_.requests[one].arrival_ns, other_ns = world_.requests[other].arrival_ns;
  return one_ns != other_ns ? one_ns < other_ns : one < other;
}

// Of all that wait and whose model is not on its way.
size_t SeatPromises::first(int64_t now_ns) const {
  size_t best = nobody;
  for (size_t index = 0; index < requests_.size(); ++index) {
    if (requests_[index].state != RequestState::waiting || is_loading(index)) continue;
    if (best == nobody || before(index, best, now_ns)) best = index;
  }
  return best;
}

size_t SeatPromises::waiting_count() const {
  return static_cast<size_t>(std::ranges::count(requests_, RequestState::waiting, &Request::state));
}

int32_t SeatPromises::taken() const {
  return static_cast<int32_t>(
      std::ranges::count_if(models_, [](const Model& model) { return model.state != SeatState::absent; }));
}

bool SeatPromises::any(SeatState state) const { return std::ranges::count(models_, state, &Model::state) > 0; }

bool SeatPromises::fits(uint32_t model) const {
  const SeatMemory now = memory();
  const uint64_t needed = seat_bytes(world_.models[model].size_bytes);
  return needed + now.reserve_bytes <= now.available_bytes || (taken() == 0 && needed <= now.available_bytes);
}

bool SeatPromises::can_never_fit(uint32_t index) const {
  uint64_t most = memory().available_bytes;
  for (size_t other = 0; other < models_.size(); ++other) {
    if (models_[other].state != SeatState::absent) most += world_.models[other].held_bytes;
  }
  return seat_bytes(world_.models[index].size_bytes) > most;
}

bool SeatPromises::may_ask(uint32_t index, size_t request, int64_t now_ns) const {
  const Model& model = models_[index];
  if (model.state != SeatState::ready || now_ns < model.turn_ends_ns) return false;
  const auto less_urgent = [&](size_t user) { return world_.requests[user].band > world_.requests[request].band; };
  return overdue(request, now_ns) || std::ranges::all_of(model.users, less_urgent);
}

void SeatPromises::decided(const SeatDecision& decision, int64_t now_ns) {
  const uint32_t index = decision.model.value;
  Model& model = models_[index];
  if (decision.kind == SeatDecision::Kind::begin_load) {
    check_load(index, now_ns);
    model.state = SeatState::loading;
    model.load_began_ns = now_ns;
    model.keep_alive_ns = world_.keep_alive_ns;
  } else if (decision.kind == SeatDecision::Kind::begin_unload) {
    check_unload(index, now_ns);
    model.state = SeatState::unloading;
  } else {
    Request& request = requests_[decision.request.value];
    expect(request.state == RequestState::waiting, now_ns, "a request is admitted or ended once, while it waits");
    if (decision.kind == SeatDecision::Kind::admit) {
      expect(model.state == SeatState::ready && !model.broken, now_ns,
             "a request is admitted to a model that is ready");
      request.state = RequestState::admitted;
      model.users.push_back(decision.request.value);
    } else {
      check_end_reason(decision.request.value, decision.reason, now_ns);
      request.state = RequestState::over;
    }
  }
}

void SeatPromises::check_load(uint32_t index, int64_t now_ns) {
  expect(models_[index].state == SeatState::absent, now_ns, "a model is loaded once at a time");
  expect(!any(SeatState::loading) && !any(SeatState::unloading), now_ns, "one thing happens to the memory at a time");
  expect(taken() < world_.limits.models_max, now_ns, "never more models than seats");
  expect(fits(index), now_ns, "a model is loaded where it has room");
  const size_t next = first(now_ns);
  expect(next != nobody && world_.requests[next].model == index, now_ns, "the first of the line gets the seat");
}

void SeatPromises::check_unload(uint32_t index, int64_t now_ns) {
  const Model& model = models_[index];
  expect(model.state == SeatState::ready && model.users.empty(), now_ns, "a model in use is never unloaded");
  const bool expired = model.keep_alive_ns >= 0 && now_ns - model.idle_since_ns >= model.keep_alive_ns;
  if (expired || stopping_ || model.broken) return;
  const size_t next = first(now_ns);
  if (next == nobody) return fail(now_ns, "an idle model stays where nobody needs its seat");
  const uint32_t wanted = world_.requests[next].model;
  expect(models_[wanted].state == SeatState::absent, now_ns, "an idle model stays where nobody needs its seat");
  expect(taken() >= world_.limits.models_max || !fits(wanted), now_ns, "an idle model stays while there is room");
  for (const Model& other : models_) {
    if (other.state != SeatState::ready || !other.users.empty()) continue;
    expect(model.idle_since_ns <= other.idle_since_ns, now_ns, "the model that is idle the longest goes");
  }
}

void SeatPromises::check_end_reason(size_t index, SeatEnd reason, int64_t now_ns) {
  const SeatWorldRequest& of = world_.requests[index];
  const Request& request = requests_[index];
  const auto passed = [&](int64_t after_ns) { return after_ns >= 0 && waited_ns(index, now_ns) >= after_ns; };
  bool right = false;
  switch (reason) {
    case SeatEnd::cancelled:
      right = request.cancelled;
      break;
    case SeatEnd::deadline:
      right = passed(of.deadline_ns);
      break;
    case SeatEnd::queue_timeout:
      right = passed(of.queue_timeout_ns);
      break;
    case SeatEnd::busy:
      right = request.may_be_busy && waited_ns(index, now_ns) == 0;
      break;
    case SeatEnd::failed:
      right = models_[of.model].failed;
      break;
    case SeatEnd::no_memory:
      right = can_never_fit(of.model);
      break;
    case SeatEnd::stopping:
      right = stopping_;
      break;
  }
  expect(right, now_ns, "a request ends for the reason that it is told");
}

void SeatPromises::check(const Seats& seats, int64_t now_ns) {
  check_models(seats, now_ns);
  check_waiting(seats, now_ns);
  check_progress(seats, now_ns);
  for (Model& model : models_) model.failed = false;
}

void SeatPromises::check_models(const Seats& seats, int64_t now_ns) {
  int32_t giving_way = 0;
  for (uint32_t index = 0; index < models_.size(); ++index) {
    const Model& model = models_[index];
    const SeatView view = seats.view({index});
    expect(view.state == model.state, now_ns, "the seats know what happened");
    expect(view.uses == static_cast<int32_t>(model.users.size()), now_ns, "uses are counted");
    giving_way += view.gives_way ? 1 : 0;
    if (model.state != SeatState::ready || !model.users.empty()) continue;
    expect(!stopping_ && !model.broken, now_ns, "an idle model goes at the stop, and when it is broken");
    if (model.keep_alive_ns < 0) continue;
    const int64_t expires_ns = model.idle_since_ns + model.keep_alive_ns;
    const bool waited_for = std::ranges::any_of(requests_, [&](const Request& request) {
      return request.state == RequestState::waiting &&
             world_.requests[static_cast<size_t>(&request - requests_.data())].model == index;
    });
    if (waited_for) continue;
    expect(now_ns < expires_ns, now_ns, "an idle model goes when its time is over");
    expect_look(seats, now_ns, expires_ns, "a look is planned for when an idle model goes");
  }
  expect(giving_way <= 1, now_ns, "one model gives way at a time");
  expect(taken() <= world_.limits.models_max, now_ns, "never more models than seats");
}

void SeatPromises::check_waiting(const Seats& seats, int64_t now_ns) {
  const size_t waiting = waiting_count();
  int64_t tokens = 0;
  for (size_t index = 0; index < requests_.size(); ++index) {
    if (requests_[index].state == RequestState::waiting) tokens += world_.requests[index].tokens;
  }
  const int64_t tokens_max = world_.limits.queue_tokens_max;
  expect(static_cast<int64_t>(waiting) <= world_.limits.queue_max, now_ns, "the queue has a bound");
  expect(tokens_max == 0 || waiting < 2 || tokens <= tokens_max, now_ns, "the queue's tokens have a bound");
  expect(seats.waiting_count() == static_cast<int32_t>(waiting), now_ns, "who waits is counted");
  const size_t next = first(now_ns);
  for (size_t index = 0; index < requests_.size(); ++index) {
    if (requests_[index].state != RequestState::waiting) continue;
    const SeatWorldRequest& of = world_.requests[index];
    const Model& model = models_[of.model];
    expect(!requests_[index].cancelled && !stopping_ && !model.failed, now_ns, "it ends with what ended it");
    for (const int64_t after_ns : {of.deadline_ns, of.queue_timeout_ns}) {
      if (after_ns < 0) continue;
      expect(waited_ns(index, now_ns) < after_ns, now_ns, "a deadline ends it on time");
      expect_look(seats, now_ns, of.arrival_ns + after_ns, "a look is planned for a deadline");
    }
    expect(waited_ns(index, now_ns) <= requests_[index].wait_max_ns, now_ns, "nobody waits longer than the bound");
    if (model.state != SeatState::ready || model.broken) continue;
    const bool justified = seats.view({of.model}).gives_way && next != index &&
                           models_[world_.requests[next].model].state == SeatState::absent &&
                           may_ask(of.model, next, now_ns);
    expect(justified, now_ns, "a ready model admits all, unless it gives way to who comes before them");
  }
}

// The first of the line gets all that can be done for it.
void SeatPromises::check_progress(const Seats& seats, int64_t now_ns) {
  const size_t next = first(now_ns);
  if (next == nobody || any(SeatState::loading) || any(SeatState::unloading)) return;
  const uint32_t wanted = world_.requests[next].model;
  if (models_[wanted].state != SeatState::absent) return;
  expect(!can_never_fit(wanted), now_ns, "what can never fit is told so");
  const bool has_seat = taken() < world_.limits.models_max;
  expect(!has_seat || !fits(wanted), now_ns, "a free seat is used");
  if (has_seat) expect_look(seats, now_ns, now_ns + memory_look_ns, "a look is planned for memory that comes back");
  const int64_t overdue_ns =
      world_.requests[next].arrival_ns + (world_.requests[next].band + 1) * world_.limits.ageing_ns;
  if (overdue_ns > now_ns) expect_look(seats, now_ns, overdue_ns, "a look is planned for when the first is overdue");
  bool one_may = false, one_does = false, one_is_broken = false;
  for (uint32_t index = 0; index < models_.size(); ++index) {
    const Model& model = models_[index];
    if (model.state != SeatState::ready) continue;
    expect(!model.users.empty(), now_ns, "an idle model makes room");
    one_may |= may_ask(index, next, now_ns);
    one_does |= seats.view({index}).gives_way;
    one_is_broken |= model.broken;
    if (now_ns < model.turn_ends_ns) {
      expect_look(seats, now_ns, model.turn_ends_ns, "a look is planned for the end of a turn");
    }
  }
  expect(!one_may || one_does || one_is_broken, now_ns, "a model gives way to one that may ask for it");
}

void SeatPromises::check_end() {
  constexpr int64_t end_ns = INT64_MAX;
  for (const Request& request : requests_) {
    expect(request.state == RequestState::over, end_ns, "every request that arrives ends");
  }
  for (const Model& model : models_) {
    expect(model.users.empty() && model.state != SeatState::loading && model.state != SeatState::unloading, end_ns,
           "what is begun ends");
    expect(!stopping_ || model.state == SeatState::absent, end_ns, "nothing stays after the stop");
  }
}

}  // namespace quire::sim
