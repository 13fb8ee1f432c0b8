// A workload and the machine it meets, all of it from one seed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/limits.h"
#include "core/request.h"
#include "sim/fake_executor.h"

namespace quire::sim {

struct WorldRequest {
  Request request;  // deadline_ns and arrived_ns are set when it is submitted
  int32_t arrival_step = 0;
  int32_t deadline_steps = -1;  // after its arrival; -1: none
  int32_t cancel_steps = -1;    // after its arrival, or after it was first seen parked; -1: never
  bool cancels_parked = false;  // the latter
  std::optional<Fault> fault;
};

struct World {
  Limits limits;
  std::vector<WorldRequest> requests;  // in order of arrival
};

// The same world for the same seed, on every machine.
World make_world(uint64_t seed);

}  // namespace quire::sim
