// What the seats promise, checked from outside: by tables of its own, kept from events and decisions alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/seat_world.h"

namespace quire::sim {

// One thread. A broken promise is remembered with the time at which it was seen.
class SeatPromises {
 public:
  enum class RequestState : uint8_t { outside, waiting, admitted, over };

  SeatPromises(const SeatWorld& world, std::vector<std::string>& failures);

  // Each event, before the seats are told of it.
  void arrives(size_t request, int64_t now_ns);
  void cancels(size_t request) { requests_[request].cancelled = true; }
  void releases(size_t request, int64_t now_ns);
  void load_ends(uint32_t model, bool loaded, int64_t now_ns);
  void unload_ends(uint32_t model) { models_[model].state = SeatState::absent; }
  void keeps_alive(uint32_t model, int64_t ns);
  void breaks(uint32_t model);
  void stops() { stopping_ = true; }
  void memory_becomes(uint64_t others_bytes) { others_bytes_ = others_bytes; }

  // Each decision, in order.
  void decided(const SeatDecision& decision, int64_t now_ns);
  // After all decisions of an event.
  void check(const Seats& seats, int64_t now_ns);
  // When nothing will happen any more.
  void check_end();

  SeatMemory memory() const;
  SeatState state(uint32_t model) const { return models_[model].state; }
  RequestState state(size_t request) const { return requests_[request].state; }
  // Of one that waits: its model is on its way.
  bool is_loading(size_t request) const { return models_[world_.requests[request].model].state == SeatState::loading; }

 private:
  struct Model {
    SeatState state = SeatState::absent;
    bool broken = false;
    bool failed = false;  // its load has failed just now
    std::vector<size_t> users;
    int64_t keep_alive_ns = 0;
    int64_t idle_since_ns = 0;
    int64_t load_began_ns = 0;
    int64_t turn_ends_ns = 0;
  };
  struct Request {
    RequestState state = RequestState::outside;
    bool cancelled = false;
    bool may_be_busy = false;  // the queue was full when it came
    int64_t wait_max_ns = 0;
  };

  void fail(int64_t now_ns, const std::string& what);
  void expect(bool held, int64_t now_ns, const char* promise);
  void expect_look(const Seats& seats, int64_t now_ns, int64_t by_ns, const char* promise);
  int64_t waited_ns(size_t request, int64_t now_ns) const { return now_ns - world_.requests[request].arrival_ns; }
  bool overdue(size_t request, int64_t now_ns) const;
  bool before(size_t one, size_t other, int64_t now_ns) const;
  size_t first(int64_t now_ns) const;
  size_t waiting_count() const;
  int32_t taken() const;
  bool any(SeatState state) const;
  bool fits(uint32_t model) const;
  bool can_never_fit(uint32_t model) const;
  bool may_ask(uint32_t model, size_t request, int64_t now_ns) const;
  int64_t round_ns() const;
  void check_end_reason(size_t request, SeatEnd reason, int64_t now_ns);
  void check_load(uint32_t model, int64_t now_ns);
  void check_unload(uint32_t model, int64_t now_ns);
  void check_waiting(const Seats& seats, int64_t now_ns);
  void check_models(const Seats& seats, int64_t now_ns);
  void check_progress(const Seats& seats, int64_t now_ns);

  const SeatWorld& world_;
  std::vector<std::string>& failures_;
  std::vector<Model> models_;
  std::vector<Request> requests_;
  uint64_t others_bytes_ = 0;
  bool stopping_ = false;
};

}  // namespace quire::sim
