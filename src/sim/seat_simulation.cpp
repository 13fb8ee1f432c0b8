#include "sim/seat_simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sim/abort_note.h"
#include "sim/seat_promises.h"

namespace quire::sim {
namespace {

using RequestState = SeatPromises::RequestState;
using Trace = std::function<void(const std::string&)>;

constexpr std::array<std::string_view, seat_occurrence_count> occurrence_names = {
    "loaded",
    "load failed",
    "load failed, several waited",
    "loaded for nobody",
    "unloaded for room",
    "unloaded in time",
    "gave way",
    "gave way in vain",
    "waited for a seat",
    "waited for memory",
    "broke and came back",
    "ended: cancelled",
    "ended: deadline",
    "ended: queue timeout",
    "ended: busy",
    "ended: load failed",
    "ended: no memory",
    "ended: stopping",
    "deadline while loading",
    "cancelled while loading",
};

std::string_view name(SeatEnd reason) {
  constexpr std::array<std::string_view, seat_end_count> names = {"cancelled",   "deadline",  "queue timeout", "busy",
                                                                  "load failed", "no memory", "stopping"};
  return names[static_cast<size_t>(reason)];
}

// One run. What happens at one moment happens in the order in which it was planned.
class SeatSimulation {
 public:
  SeatSimulation(const SeatWorld& world, const Trace& trace)
      : world_(world),
        trace_(trace),
        seats_(world.limits),
        promises_(world, report_.failures),
        loads_(world.models.size()),
        broke_(world.models.size()),
        gave_way_(world.models.size()),
        waited_for_seat_(world.requests.size()) {}

  SeatReport run() {
    plan_world();
    while (!events_.empty() && report_.failures.empty()) {
      const auto event = events_.begin();
      now_ns_ = event->first;
      const auto happen = std::move(event->second);
      events_.erase(event);
      if (!happen()) continue;
      ++report_.events;
      settle();
    }
    if (report_.failures.empty()) promises_.check_end();
    return std::move(report_);
  }

 private:
  // False: nothing happened, so that nobody is to be asked.
  using Happening = std::function<bool()>;

  void at(int64_t ns, Happening happening) { events_.emplace(ns, std::move(happening)); }
  void occurred(SeatOccurrence occurrence) { ++report_.occurrences[static_cast<size_t>(occurrence)]; }
  template <typename... Args>
  void say(fmt::format_string<Args...> text, Args&&... args) {
    if (trace_) trace_(fmt::format("{:>9} {}", now_ns_, fmt::format(text, std::forward<Args>(args)...)));
  }

  void plan_world() {
    for (size_t index = 0; index < world_.requests.size(); ++index) {
      const SeatWorldRequest& request = world_.requests[index];
      at(request.arrival_ns, [this, index] { return arrive(index); });
      if (request.cancel_ns < 0) continue;
      at(request.arrival_ns + request.cancel_ns, [this, index] { return cancel(index); });
    }
    for (const SeatWorldMemory& change : world_.memory) {
      at(change.at_ns, [this, &change] {
        promises_.memory_becomes(change.others_bytes);
        say("others take {} bytes", change.others_bytes);
        return false;  // nobody tells the seats
      });
    }
    for (const SeatWorldBreak& one : world_.breaks) {
      at(one.at_ns, [this, &one] { return break_model(one.model); });
    }
    if (world_.stop_ns < 0) return;
    at(world_.stop_ns, [this] {
      say("stop");
      promises_.stops();
      seats_.stop();
      return true;
    });
  }

  bool arrive(size_t index) {
    const SeatWorldRequest& request = world_.requests[index];
    const auto moment = [&](int64_t after_ns) { return after_ns < 0 ? -1 : now_ns_ + after_ns; };
    say("request {} of band {} arrives for model {}", index, request.band, request.model);
    promises_.arrives(index, now_ns_);
    seats_.arrive({.request = {index},
                   .model = {request.model},
                   .size_bytes = world_.models[request.model].size_bytes,
                   .keep_alive_ns = world_.keep_alive_ns,
                   .tokens = request.tokens,
                   .band = request.band,
                   .deadline_ns = moment(request.deadline_ns),
                   .queue_deadline_ns = moment(request.queue_timeout_ns)},
                  now_ns_);
    return true;
  }

  bool cancel(size_t index) {
    if (promises_.state(index) != RequestState::waiting) return false;
    say("request {} is cancelled", index);
    if (promises_.is_loading(index)) occurred(SeatOccurrence::cancelled_while_loading);
    promises_.cancels(index);
    if (!seats_.cancel({index})) report_.failures.push_back("one that waits can be cancelled");
    return true;
  }

  bool break_model(uint32_t model) {
    if (promises_.state(model) != SeatState::ready) return false;
    say("model {} breaks", model);
    broke_[model] = true;
    promises_.breaks(model);
    seats_.broken({model});
    return true;
  }

  bool release(size_t index) {
    say("request {} is released", index);
    promises_.releases(index, now_ns_);
    seats_.release({index}, now_ns_);
    return true;
  }

  bool end_load(uint32_t model) {
    const SeatWorldModel& of = world_.models[model];
    const bool failed = std::ranges::count(of.failing_loads, loads_[model]++) > 0;
    say("model {} {}", model, failed ? "cannot be loaded" : "is loaded");
    int32_t waiting = 0;
    for (size_t index = 0; index < world_.requests.size(); ++index) {
      if (promises_.state(index) == RequestState::waiting && world_.requests[index].model == model) ++waiting;
    }
    occurred(failed ? SeatOccurrence::load_failed : SeatOccurrence::loaded);
    if (failed && waiting > 1) occurred(SeatOccurrence::load_failed_for_several);
    if (!failed && waiting == 0) occurred(SeatOccurrence::loaded_for_nobody);
    if (!failed && broke_[model]) occurred(SeatOccurrence::broke_and_came_back);
    broke_[model] = broke_[model] && failed;
    promises_.load_ends(model, !failed, now_ns_);
    seats_.load_finished({model}, !failed, now_ns_);
    if (!failed) seats_.holds({model}, of.held_bytes);
    return true;
  }

  bool end_unload(uint32_t model) {
    say("model {} is unloaded", model);
    promises_.unload_ends(model);
    seats_.unload_finished({model});
    return true;
  }

  // Asks the seats what follows, and does it.
  void settle() {
    for (const SeatDecision decision : seats_.decide(now_ns_, promises_.memory())) {
      carry_out(decision);
      promises_.decided(decision, now_ns_);
    }
    promises_.check(seats_, now_ns_);
    for (uint32_t model = 0; model < world_.models.size(); ++model) watch_way(model);
    for (size_t index = 0; index < world_.requests.size(); ++index) {
      if (promises_.state(index) != RequestState::waiting || promises_.is_loading(index)) continue;
      const bool full = seats_.seats_taken() >= world_.limits.models_max;
      if (full) waited_for_seat_[index] = true;
      if (!full && promises_.state(world_.requests[index].model) == SeatState::absent) waits_for_memory_ = true;
    }
    const uint64_t look = ++look_;
    if (seats_.next_look_ns() < 0) return;
    if (seats_.next_look_ns() <= now_ns_) report_.failures.push_back("the next look is later than now");
    at(seats_.next_look_ns(), [this, look] { return look == look_; });
  }

  void watch_way(uint32_t model) {
    const bool gives_way = seats_.view({model}).gives_way;
    if (gives_way && !gave_way_[model]) occurred(SeatOccurrence::gave_way);
    const bool in_vain = gave_way_[model] && !gives_way && promises_.state(model) == SeatState::ready;
    if (in_vain) occurred(SeatOccurrence::gave_way_in_vain);
    if (gives_way != gave_way_[model]) say("model {} {}", model, gives_way ? "gives way" : "admits again");
    gave_way_[model] = gives_way;
  }

  void carry_out(const SeatDecision& decision) {
    const uint32_t model = decision.model.value;
    const size_t index = decision.request.value;
    switch (decision.kind) {
      case SeatDecision::Kind::begin_load:
        say("model {} begins to load", model);
        at(now_ns_ + world_.models[model].load_ns, [this, model] { return end_load(model); });
        if (std::exchange(waits_for_memory_, false)) occurred(SeatOccurrence::waited_for_memory);
        return;
      case SeatDecision::Kind::begin_unload: {
        say("model {} begins to go", model);
        const SeatView view = seats_.view({model});
        const bool expired = view.keep_alive_ns >= 0 && now_ns_ - view.idle_since_ns >= view.keep_alive_ns;
        occurred(expired ? SeatOccurrence::unloaded_in_time : SeatOccurrence::unloaded_for_room);
        at(now_ns_ + world_.models[model].unload_ns, [this, model] { return end_unload(model); });
        return;
      }
      case SeatDecision::Kind::admit:
        return admit(index);
      case SeatDecision::Kind::end:
        break;
    }
    say("request {} ends: {}", index, name(decision.reason));
    occurred(static_cast<SeatOccurrence>(static_cast<size_t>(SeatOccurrence::ended_cancelled) +
                                         static_cast<size_t>(decision.reason)));
    const bool in_time = decision.reason == SeatEnd::deadline || decision.reason == SeatEnd::queue_timeout;
    if (in_time && promises_.is_loading(index)) occurred(SeatOccurrence::deadline_while_loading);
  }

  void admit(size_t index) {
    const SeatWorldRequest& request = world_.requests[index];
    say("request {} is admitted", index);
    report_.waited_ns_max = std::max(report_.waited_ns_max, now_ns_ - request.arrival_ns);
    if (waited_for_seat_[index]) occurred(SeatOccurrence::waited_for_seat);
    if (request.sets_keep_alive) {
      promises_.keeps_alive(request.model, request.keep_alive_ns);
      seats_.keep_alive({request.model}, request.keep_alive_ns);
    }
    at(now_ns_ + request.use_ns, [this, index] { return release(index); });
  }

  const SeatWorld& world_;
  const Trace& trace_;
  SeatReport report_;
  Seats seats_;
  SeatPromises promises_;
  std::multimap<int64_t, Happening> events_;
  int64_t now_ns_ = 0;
  uint64_t look_ = 0;
  std::vector<int32_t> loads_;  // that each model has had
  std::vector<bool> broke_;
  std::vector<bool> gave_way_;
  std::vector<bool> waited_for_seat_;
  bool waits_for_memory_ = false;
};

}  // namespace

std::string_view name(SeatOccurrence occurrence) { return occurrence_names[static_cast<size_t>(occurrence)]; }

SeatReport run_seat_world(const SeatWorld& world, const Trace& trace) { return SeatSimulation(world, trace).run(); }

SeatSeedsReport run_seat_seeds(uint64_t first, uint64_t count, const Trace& trace) {
  SeatSeedsReport all;
  AbortNote note;
  for (uint64_t seed = first; seed - first < count; ++seed) {
    note.running(seed, "--seats ");
    const SeatReport report = run_seat_world(make_seat_world(seed), trace);
    ++all.seeds;
    all.events += report.events;
    for (size_t index = 0; index < seat_occurrence_count; ++index) {
      all.seeds_with[index] += report.occurrences[index] > 0 ? 1 : 0;
    }
    if (report.failures.empty()) continue;
    for (const std::string& failure : report.failures) {
      all.failures.push_back(fmt::format("seed {}: {}", seed, failure));
    }
    all.failures.push_back(fmt::format("replay: quire simulate --seats --seed {} --trace", seed));
    break;
  }
  return all;
}

}  // namespace quire::sim
