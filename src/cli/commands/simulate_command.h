// quire simulate: the scheduler and the engine, and the models' seats, in made-up worlds, and the scheduler on recorded
// requests.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "cli/commands/simulate_trace.h"

namespace quire::cli {

struct SimulateOptions {
  uint64_t seed = 0;                        // the first
  uint64_t seeds = 1;                       // how many
  bool trace = false;                       // a line for each step, or for each event of the seats
  bool seats = false;                       // worlds of the models' seats instead
  SimulateTraceOptions trace_options = {};  // its seed is `seed`
};

// Prints what was found and returns the exit status: 0, or 1 when a promise was broken (then the output names the seed
// and the command that replays it).
Result<int> run_simulate(const SimulateOptions& options);

}  // namespace quire::cli
