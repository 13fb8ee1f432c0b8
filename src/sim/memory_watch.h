// Promises about memory, checked from outside: who reads what, and how much of each class is in use.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/batch.h"
#include "core/ids.h"
#include "sched/scheduler.h"
#include "sim/coverage.h"

namespace quire::sim {

class MemoryWatch {
 public:
  // In the middle of a step: planned, not yet computed. Rows and states are written for the salt of the sequence that
  // writes them and read by that salt only; each class in use follows its limit. before: as it was when the plan was
  // made, where another step was committed since; else null.
  std::optional<std::string> step(const Batch& batch, const Scheduler& scheduler, int32_t block_tokens,
                                  const SchedulerCounts* before, Occurrences& occurrences);

 private:
  std::optional<std::string> check_salts(const BatchSlice& slice, uint64_t salt, int32_t block_tokens);
  std::array<std::map<int32_t, uint64_t>, memory_class_count> salt_of_block_;
};

}  // namespace quire::sim
