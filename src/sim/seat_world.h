// A world for the seats of models: who asks for which model when, how long loads take and which fail.
#pragma once

#include <cstdint>
#include <vector>

#include "sched/seats.h"

namespace quire::sim {

struct SeatWorldModel {
  uint64_t size_bytes = 0;
  uint64_t held_bytes = 0;  // while it is ready; at least size_bytes
  int64_t load_ns = 0;
  int64_t unload_ns = 0;
  std::vector<int32_t> failing_loads = {};  // which of its loads fail, from 0
};

struct SeatWorldRequest {
  int64_t arrival_ns = 0;
  uint32_t model = 0;  // index
  uint8_t band = 3;
  int64_t use_ns = 0;  // from its admission to its release
  int64_t tokens = 1;
  // From the arrival; -1: never.
  int64_t deadline_ns = -1;
  int64_t queue_timeout_ns = -1;
  int64_t cancel_ns = -1;
  bool sets_keep_alive = false;  // when it is admitted
  int64_t keep_alive_ns = 0;
};

// Memory that others take from a moment on, in place of what they took before.
struct SeatWorldMemory {
  int64_t at_ns = 0;
  uint64_t others_bytes = 0;
};

// A model stops to work, if it is ready then.
struct SeatWorldBreak {
  int64_t at_ns = 0;
  uint32_t model = 0;
};

struct SeatWorld {
  SeatLimits limits = {};
  uint64_t total_bytes = UINT64_MAX / 4;
  uint64_t reserve_bytes = 0;
  int64_t keep_alive_ns = -1;  // of a model that comes into memory
  std::vector<SeatWorldModel> models = {};
  std::vector<SeatWorldRequest> requests = {};
  std::vector<SeatWorldMemory> memory = {};
  std::vector<SeatWorldBreak> breaks = {};
  int64_t stop_ns = -1;
};

// The same for the same seed, on every machine.
SeatWorld make_seat_world(uint64_t seed);

}  // namespace quire::sim
