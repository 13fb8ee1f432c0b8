// Many simulations, one a seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/coverage.h"
#include "sim/simulation.h"

namespace quire::sim {

struct SeedsReport {
  uint64_t seeds = 0;                 // that ran
  std::vector<std::string> failures;  // each names its seed and the command that replays it
  Coverage coverage;
  int64_t steps = 0;
  int64_t rows_computed = 0;
};

// Runs the worlds of seeds [first, first + count) and stops at the first that fails. A broken QUIRE_CHECK stops the
// program, after the command that replays it was printed on standard error. `trace` gets each step of each seed.
SeedsReport run_seeds(uint64_t first, uint64_t count, const Tokenizer& tokenizer, const Simulation::Trace& trace = {});

}  // namespace quire::sim
