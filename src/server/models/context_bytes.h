// Bytes of what a model's contexts hold, over all classes of memory.
#pragma once

#include <cstdint>

#include "api/models.h"
#include "core/limits.h"
#include "model/context_memory.h"
#include "sched/scheduler.h"

namespace quire::server {

// Those of the full blocks, as of the other classes.
inline ClassCounts full_blocks(const SchedulerCounts& counts) {
  return {.total = counts.blocks_total,
          .held = counts.blocks_held,
          .cached = counts.blocks_cached,
          .limit = counts.block_limit};
}

// context_tokens: as the engine's limits say.
api::ContextBytes context_bytes(const ContextMemory& memory, const SchedulerCounts& counts, int64_t context_tokens);

class LoadedModel;
api::ContextBytes bytes_of_contexts(const LoadedModel& model);
// Of the machine's memory.
api::ContextBytes host_bytes_of_contexts(const LoadedModel& model);

// How many of each class may be in use so that all together are within `bytes`. Snapshots go first, then window blocks,
// then full ones, in the order of what they cost to have again; at last those that who runs needs.
struct ClassLimits {
  int32_t blocks = 0, windows = 0, states = 0;
};
ClassLimits limits_within(uint64_t bytes, const ContextMemory& memory, const Limits& limits);

}  // namespace quire::server
