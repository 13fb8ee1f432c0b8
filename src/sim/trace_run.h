// The production scheduler on a trace: steps take what a cost model says, on a clock that only they move.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/limits.h"
#include "sched/scheduler.h"
#include "sim/cost_model.h"
#include "sim/trace_workload.h"

namespace quire::sim {

// Made through what requests say of themselves: the scheduler has no such switch.
enum class TracePolicy : uint8_t {
  fcfs,      // everyone is one client in one band
  priority,  // the bands, one client
  fair,      // the clients, one band
  all,       // both
};
constexpr TracePolicy trace_policies[] = {TracePolicy::fcfs, TracePolicy::priority, TracePolicy::fair,
                                          TracePolicy::all};
std::string_view name(TracePolicy policy);

struct TraceRunOptions {
  TracePolicy policy = TracePolicy::all;
  Limits limits;  // queue_max, queue_tokens_max and block_tokens are the workload's
  CostModel cost;
};

// What became of a request. Times are the virtual clock's; -1: never.
struct RequestOutcome {
  bool refused = false;  // could never fit
  int32_t ends = 0;      // times that it ended: 1, unless something is broken
  int64_t started_ns = -1;
  int64_t first_token_ns = -1;
  int64_t ended_ns = -1;
  int32_t cached_tokens = 0;
};

// A stretch of the run in which a fixed amount of service was given. Service is what clients are charged: a token of
// a prompt that was computed for the first time counts 1, a generated one 2.
struct ServiceWindow {
  std::vector<double> service;          // (clients, bands)
  std::vector<char> backlogged;         // (clients, bands): it had requests waiting at each step of the window
  std::vector<char> client_backlogged;  // (clients)
};

struct TraceRun {
  TracePolicy policy = TracePolicy::all;
  std::vector<RequestOutcome> requests;  // as in the workload
  std::vector<ServiceWindow> windows;
  int64_t makespan_ns = 0;  // from the first arrival to the last end
  int64_t steps = 0;
  int64_t prompt_rows = 0, generated_tokens = 0;  // computed, generated (simulated tokens)
  int64_t recomputed_tokens = 0;
  SchedulerCounts counts;  // at the end
};

// Called now and then with the number of requests that have ended.
using TraceProgress = std::function<void(int64_t ended)>;

// A function of its arguments. Fails when the virtual time grows beyond what nanoseconds can say.
Result<TraceRun> run_trace(const Workload& workload, const TraceRunOptions& options,
                           const TraceProgress& progress = {});

}  // namespace quire::sim
