// Which models are in memory, who waits for which, and which goes for another one: decisions in integers.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <vector>

#include "core/request.h"

namespace quire {

// A model's number and a request's, given by who asks. A request's is never used again.
struct ModelId {
  uint32_t value = 0;
  auto operator<=>(const ModelId&) const = default;
};
struct SeatRequestId {
  uint64_t value = 0;
  auto operator<=>(const SeatRequestId&) const = default;
};

struct SeatLimits {
  int32_t models_max = 3;        // seats; at least 1
  int32_t queue_max = 512;       // requests that may wait for a model
  int64_t queue_tokens_max = 0;  // of their prompts, one request always may; 0: no bound
  // Of waiting, after which a request counts as one band more urgent, and after one more in band 0 as overdue.
  int64_t ageing_ns = 2'000'000'000;
  // A model keeps its seat at least this long, and at least as long as it took to load, whoever waits: so less than
  // half of the time goes into loading.
  int64_t turn_min_ns = 1'000'000'000;
};

// What a request asks for. Times are of one clock; -1: none.
struct SeatDemand {
  SeatRequestId request;
  ModelId model;
  uint64_t size_bytes = 0;    // of the model's file: what its weights will take
  int64_t keep_alive_ns = 0;  // of the model, if it is not in memory yet; negative: for ever
  int64_t tokens = 0;         // of the prompt, about
  uint8_t band = 3;           // 0 first ... 7 last
  int64_t deadline_ns = -1;   // ends it while it waits
  int64_t queue_deadline_ns = -1;
};

// Of the machine now, without what those in memory hold.
struct SeatMemory {
  uint64_t available_bytes = 0;
  uint64_t reserve_bytes = 0;  // of that, kept free for others; only one that is alone may take it
};

enum class SeatEnd : uint8_t {
  cancelled,
  deadline,       // the request's own
  queue_timeout,  // it waited too long
  busy,           // as many wait as may: it was not let in
  failed,         // its model could not be loaded
  no_memory,      // its model needs more than there could be with all others gone
  stopping,
};
constexpr int32_t seat_end_count = 7;

enum class SeatState : uint8_t { absent, loading, ready, unloading };

struct SeatDecision {
  enum class Kind : uint8_t {
    begin_load,    // of a model
    begin_unload,  // of a model
    admit,         // a request may use its model until it is released
    end,           // a request that is not admitted is over
  };
  Kind kind = Kind::admit;
  ModelId model;
  SeatRequestId request;             // admit, end
  SeatEnd reason = SeatEnd::failed;  // end
  auto operator<=>(const SeatDecision&) const = default;
};

// One that waits, in the order of the line.
struct SeatWait {
  SeatRequestId request;
  ModelId model;
  int32_t position = 0;  // among those of its model, from 0
  uint8_t band = 3;      // as it counts now
};

// Of one model, for people.
struct SeatView {
  SeatState state = SeatState::absent;
  bool gives_way = false;
  int32_t uses = 0;
  int64_t keep_alive_ns = 0;
  int64_t idle_since_ns = 0;  // where it is ready and nobody uses it
};

// A pure state machine: events come in with the time, decide() says what follows. No clock, no thread, no memory of its
// own beyond its tables; one thread.
//
// A model is absent, loading, ready or unloading; in all but the first state it has a seat. A request waits until its
// model is ready, is then admitted, and uses the model until it is released. One load goes on at a time, and none while
// an unload does, so that what the machine says of its memory is true when it is asked for.
//
// Who waits stands in one line, in order of rank: band as ageing has lifted it, then arrival. The first of the line
// whose model has no seat gets the next one. For it the model that is idle the longest is unloaded; where none is idle,
// a model that has had its turn may have to *give way*: nobody behind the first of the line is admitted to it any more,
// so that it is idle as soon as those that use it have ended. It gives way to a request that is overdue, or more urgent
// than all that use it.
//
// Only arrive() and line() allocate. When arrive throws, the request has not arrived.
//
// Invariants: at most models_max seats are taken; a model that is in use is ready; nobody waits for a ready model that
// does not give way (after decide); at most one model gives way; each request that arrives gets admit or end, once.
// Bound: docs/scheduling.md.
class Seats {
 public:
  explicit Seats(const SeatLimits& limits) : limits_(limits) {}

  // Events. `now_ns` never goes back; each is followed by decide() before time moves on.
  void arrive(const SeatDemand& demand, int64_t now_ns);
  // Of one that waits; false: it does not (any more).
  bool cancel(SeatRequestId request);
  // REQUIRES: it was admitted, and not released since.
  void release(SeatRequestId request, int64_t now_ns);
  // REQUIRES: begin_load, begin_unload was decided for it, and no outcome was told.
  void load_finished(ModelId model, bool loaded, int64_t now_ns);
  void unload_finished(ModelId model);
  // How long a model stays after its last use; negative: for ever, 0: it goes when it is idle. Of an absent one nothing
  // is kept.
  void keep_alive(ModelId model, int64_t ns);
  // The model does not work any more: nobody is admitted to it, and it goes when it is idle.
  void broken(ModelId model);
  // What a model in memory holds, when that is more than its file's size.
  void holds(ModelId model, uint64_t bytes);
  // All that wait end, and so does each that comes; models go when they are idle.
  void stop() { stopping_ = true; }

  // True when decide needs to know the memory: somebody waits for a model without a seat.
  bool asks_memory() const;
  // What follows from all events up to now. Valid until the next call.
  const std::vector<SeatDecision>& decide(int64_t now_ns, const SeatMemory& memory);
  // When to call decide again, if nothing happens before; -1: only then.
  int64_t next_look_ns() const { return next_look_ns_; }

  SeatState state(ModelId model) const;
  SeatView view(ModelId model) const;
  int32_t waiting_count() const { return static_cast<int32_t>(waiting_.size()); }
  int32_t seats_taken() const;
  // How long the last load took; 0: none yet.
  int64_t load_ns() const { return load_ns_; }
  // Everybody who waits, in order of rank.
  std::vector<SeatWait> line(int64_t now_ns) const;

 private:
  struct Model {
    SeatState state = SeatState::absent;
    bool gives_way = false;  // ready: admits only the first of the line
    bool is_broken = false;
    uint64_t size_bytes = 0;
    uint64_t held_bytes = 0;
    int64_t keep_alive_ns = 0;
    int32_t waiting = 0;
    int32_t uses = 0;
    std::array<int32_t, band_count> uses_by_band{};
    int64_t idle_since_ns = 0;
    int64_t load_began_ns = 0;
    int64_t turn_ends_ns = 0;  // ready: it cannot be asked to give way before
    bool idle() const { return state == SeatState::ready && uses == 0; }
    bool admits() const { return state == SeatState::ready && !gives_way && !is_broken; }
    // The band of its most urgent user; band_count: nobody uses it.
    int32_t most_urgent() const;
  };
  struct Waiting {
    SeatDemand demand;
    int64_t arrived_ns = 0;
  };
  // The smallest is first in the line. No two are equal.
  struct Rank {
    uint8_t band = 0;   // as ageing has lifted it
    bool later = true;  // false: overdue, before all that are not
    int64_t arrived_ns = 0;
    SeatRequestId request;
    auto operator<=>(const Rank&) const = default;
  };
  using Place = std::map<SeatRequestId, Waiting>::iterator;
  using Models = std::map<ModelId, Model>;

  Rank rank(const Waiting& waiting, int64_t now_ns) const;
  void reserve_decisions();
  bool overdue(const Waiting& waiting, int64_t now_ns) const { return !rank(waiting, now_ns).later; }
  void end(Place place, SeatEnd reason);
  void end_all_of(ModelId model, SeatEnd reason);
  void admit(Place place);
  void begin_unload(ModelId id, Model& model);
  void forget_if_unused(ModelId model);
  void end_expired(int64_t now_ns);
  void unload_expired(int64_t now_ns);
  void admit_ready();
  Place first_without_seat(int64_t now_ns);
  bool serve_first(int64_t now_ns, const SeatMemory& memory);
  bool make_room(const Waiting& first, int64_t now_ns);
  bool may_ask(const Model& model, const Waiting& first, int64_t now_ns) const;
  Models::iterator choose_to_give_way(const Waiting& first, int64_t now_ns);
  bool give_way(Models::iterator chosen);
  bool changes(SeatState state) const;
  void look_at(int64_t ns);
  void plan_next_look(int64_t now_ns);

  const SeatLimits limits_;
  std::map<ModelId, Model> models_;  // that have a seat, or for which somebody waits
  std::map<SeatRequestId, Waiting> waiting_;
  std::map<SeatRequestId, Waiting> using_;  // admitted and not released
  std::vector<SeatDecision> next_;          // of events that decided by themselves
  std::vector<SeatDecision> decided_;       // what the last decide returned
  int64_t waiting_tokens_ = 0;
  int64_t next_look_ns_ = -1;
  int64_t load_ns_ = 0;
  bool lacks_memory_ = false;  // the first of the line would have a seat, but for memory
  bool stopping_ = false;
};

// What a model of this size needs to begin with: its weights, and contexts of an eighth of their size.
constexpr uint64_t seat_bytes(uint64_t size_bytes) { return size_bytes + size_bytes / 8; }

}  // namespace quire
