// quire simulate --trace-file: policies compared on requests that were really made.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "core/limits.h"

namespace quire::cli {

struct SimulateTraceOptions {
  std::string file;                // empty: no trace
  std::string policy = "compare";  // a name of sim::TracePolicy; compare: all of them
  std::string cost_model;          // empty: the default
  double time_scale = 1;
  int32_t token_scale = 0;  // 0: 32 where the trace has blocks, else 8
  int64_t requests = 0;     // 0: all
  int64_t kv_blocks = 0;    // 0: by kv_share
  double kv_share = 0;      // percent of the trace's own distinct blocks; 0: nothing is ever evicted
  int32_t clients = 8;
  int32_t running_max = 64;
  int32_t step_tokens_max = 512;
  int32_t ageing_steps = Limits{}.ageing_steps;  // of the machine; as many fewer simulated ones as tokens
  uint64_t seed = 1;                             // of clients and bands
};

// Prints one table of figures and returns the exit status: 1 when a request did not end exactly once.
Result<int> run_simulate_trace(const SimulateTraceOptions& options);

}  // namespace quire::cli
