// A run in the figures by which policies are compared.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/percentiles.h"
#include "sim/trace_run.h"

namespace quire::sim {

// Jain's index of fairness (1984): (sum x)^2 / (n sum x^2), 1 when all are equal, 1/n when one has everything.
// 1 where nobody has anything.
double jain_index(const std::vector<double>& values);

struct TraceSummary {
  TracePolicy policy = TracePolicy::all;
  int64_t ended = 0, refused = 0;
  bool each_ended_once = false;
  std::array<Percentiles, workload_band_count + 1> wait_ns;         // arrival -> first step; the last one: all bands
  std::array<Percentiles, workload_band_count + 1> first_token_ns;  // arrival -> first token

  // Over the windows in which at least two clients had requests waiting all the time, and there among those.
  int64_t contested_windows = 0;
  double jain = 1;            // mean; between clients
  double jain_in_bands = 1;   // mean; between clients, each band for itself
  std::vector<double> share;  // (clients): service, as a part of an equal share; -1: never in such a window
  double share_ratio = 1;     // the largest share / the smallest

  int64_t steps = 0;
  SchedulerCounts counts;
  int64_t recomputed_tokens = 0;  // of the trace
  int64_t hit_blocks = 0;         // full blocks of prompts that were served from the tree
  double hit_percent = 0;         // of all prompt blocks, partial ones too
  double prompt_rows_per_s = 0, generated_per_s = 0,
         tokens_per_s = 0;  // of the trace; the last one: whole prompts and answers
  int64_t makespan_ns = 0;
};

TraceSummary summarize(const Workload& workload, const TraceRun& run);

}  // namespace quire::sim
