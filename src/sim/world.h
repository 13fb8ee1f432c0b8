// A workload and the machine it meets, all of it from one seed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/limits.h"
#include "core/request.h"
#include "sim/fake_executor.h"

namespace quire::sim {

struct WorldRequest {
  Request request;  // deadline_ns and arrived_ns are set when it is submitted
  int32_t arrival_step = 0;
  int32_t deadline_steps = -1;  // after its arrival; -1: none
  int32_t queue_steps = -1;     // the same, while nothing of it was computed
  int32_t cancel_steps = -1;    // after its arrival, or after it was first seen parked; -1: never
  bool cancels_parked = false;  // the latter
  int32_t prompt_said = -1;     // its prompt begins with an earlier one's prompt of so many tokens, and its answer
  std::optional<Fault> fault;
};

// The memory of a class that there is changes while the engine runs.
struct MemoryChange {
  int32_t step = 0;
  int32_t blocks = 0;
  MemoryClass of = MemoryClass::full;
};

// What a step costs: linear up to the knee in streams, beyond it in proportion.
struct StepPrice {
  int64_t base_ns = 0;
  int64_t row_ns = 0;
  int32_t knee = 1;
};

struct World {
  Limits limits;
  StepPrice price;
  std::vector<MemoryChange> memory;    // of each class in order of steps
  std::vector<WorldRequest> requests;  // in order of arrival
  uint64_t draft_seed = 0;             // of what is guessed; 0: nothing
};

// The same world for the same seed, on every machine.
World make_world(uint64_t seed);

}  // namespace quire::sim
