// A trace made into requests for a scheduler: scaled, with a client and a band each, and with tokens that share what
// the trace says that they shared.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sched/sequence.h"
#include "trace/trace.h"

namespace quire::sim {

struct WorkloadOptions {
  int64_t requests_max = 0;   // the first so many; 0: all
  double time_scale = 1;      // times of arrival are multiplied by it
  int32_t token_scale = 1;    // tokens of the trace that one simulated token stands for
  int32_t block_tokens = 32;  // simulated ones of a KV block, where the trace has no blocks of its own
  int32_t clients = 8;
  uint64_t seed = 1;  // of the clients and bands
};

struct WorkloadRequest {
  int64_t arrived_ns = 0;
  int32_t prompt_tokens = 1;  // simulated ones
  int32_t generated_tokens = 1;
  int32_t client = 0;
  int32_t band = 0;             // an index of workload_bands
  std::vector<int32_t> blocks;  // as in the trace
};

// The traces have neither clients nor bands. A conversation (the requests with the same first two blocks; without
// blocks, each request) is client k's (from 0) with a probability that is proportional to 1 / (k + 1), and in a band
// with that band's share in percent: functions of (seed, conversation).
struct BandShare {
  uint8_t band;
  int32_t percent;
};
constexpr BandShare workload_bands[] = {{1, 10}, {3, 60}, {6, 30}};
constexpr int32_t workload_band_count = 3;

// Invariant: requests are in order of arrival.
struct Workload {
  int32_t token_scale = 1;
  int32_t block_tokens = 32;  // simulated ones of a KV block
  int32_t clients = 1;
  std::vector<WorkloadRequest> requests;

  int64_t prompt_tokens = 0, generated_tokens = 0;  // simulated ones
  int64_t prompt_blocks = 0;                        // begun ones
  int64_t distinct_blocks = 0;                      // different ones among them: where the trace has none, all of them

  // KV blocks with which nothing is ever evicted.
  int64_t unlimited_blocks = 0;
};

Result<Workload> make_workload(const trace::Trace& trace, const WorkloadOptions& options);

// What the scheduler is told of a request, apart from the policy. Equal blocks have equal tokens, and different ones
// differ in each token; a prompt without blocks shares nothing.
std::vector<TokenId> prompt_of(const Workload& workload, int32_t index);

}  // namespace quire::sim
