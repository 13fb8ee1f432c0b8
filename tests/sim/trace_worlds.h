// Small random workloads in which prompts share blocks.
#pragma once

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "sim/trace_workload.h"

namespace quire::sim::test {

// Prompts are paths from a root of a random forest; half of them end in a partial block.
inline Workload random_workload(uint64_t seed, int32_t blocks, int32_t requests, int32_t block_tokens = 2) {
  Random random(seed);
  std::vector<int32_t> parents;
  for (int32_t block = 0; block < blocks; ++block) parents.push_back(random.between(-1, block - 1));
  trace::Trace trace{.block_tokens = block_tokens, .block_count = blocks};
  int64_t now_ns = 0;
  for (int32_t index = 0; index < requests; ++index) {
    now_ns += random.below(40) * 1000;
    trace::TraceRequest request{.arrived_ns = now_ns, .generated_tokens = random.between(1, 5)};
    for (int32_t block = random.below(blocks); block >= 0; block = parents[static_cast<size_t>(block)]) {
      request.blocks.push_back(block);
    }
    std::ranges::reverse(request.blocks);
    request.prompt_tokens = static_cast<int32_t>(request.blocks.size()) * block_tokens;
    if (random.percent(50)) request.prompt_tokens -= random.between(1, block_tokens - 1);
    trace.requests.push_back(request);
  }
  return *make_workload(trace, {.clients = 3, .seed = seed});
}

}  // namespace quire::sim::test
