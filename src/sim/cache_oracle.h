// How many prompt blocks a cache could serve at all: yardsticks for the scheduler's own.
#pragma once

#include <cstdint>

#include "sim/trace_workload.h"

namespace quire::sim {

// Each sees the workload's full prompt blocks request by request in order of arrival, as if a request took no time, and
// returns how many of them were in the cache. A block counts only when those before it were there as well. Partial
// blocks (what is left of a prompt after its last full block) are neither stored nor served, as in quire.
// REQUIRES: the requests have blocks.

// Nothing is ever forgotten.
int64_t ideal_hits(const Workload& workload);
// The request's blocks become the youngest, the first of them the very youngest, so that what goes is always a leaf.
int64_t lru_hits(const Workload& workload, int64_t capacity);
// Belady's MIN: what goes is needed last, be it what just came. As a block is needed whenever one behind it is, this is
// a leaf, too; no cache of this size serves more.
int64_t belady_hits(const Workload& workload, int64_t capacity);

}  // namespace quire::sim
