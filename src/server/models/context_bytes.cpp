#include "server/models/context_bytes.h"

#include <algorithm>

#include "base/bytes.h"
#include "server/models/loaded_model.h"

namespace quire::server {

api::ContextBytes context_bytes(const ContextMemory& memory, const SchedulerCounts& counts, int64_t context_tokens) {
  api::ContextBytes bytes;
  const auto add = [&](MemoryClass of, const ClassCounts& one) {
    const auto of_one = static_cast<uint64_t>(memory.bytes_of(of, context_tokens));
    bytes.held += static_cast<uint64_t>(one.held) * of_one;
    bytes.cached += static_cast<uint64_t>(one.cached) * of_one;
    bytes.limit += static_cast<uint64_t>(one.limit) * of_one;
    bytes.total += static_cast<uint64_t>(one.total) * of_one;
  };
  add(MemoryClass::full, full_blocks(counts));
  add(MemoryClass::window, counts.windows);
  add(MemoryClass::state, counts.states);
  return bytes;
}

api::ContextBytes bytes_of_contexts(const LoadedModel& model) {
  return context_bytes(model.context_memory(), model.snapshot().scheduler, model.context_tokens());
}

api::ContextBytes host_bytes_of_contexts(const LoadedModel& model) {
  return context_bytes(model.host_contexts(), model.snapshot().scheduler, model.context_tokens());
}

ClassLimits limits_within(uint64_t bytes, const ContextMemory& memory, const Limits& limits) {
  ClassLimits result{.blocks = limits.block_count, .windows = limits.window_block_count, .states = limits.state_count};
  const auto bytes_of = [&](MemoryClass of) { return memory.bytes_of(of, limits.context_tokens); };
  int64_t over = int64_t{result.blocks} * bytes_of(MemoryClass::full) +
                 int64_t{result.windows} * bytes_of(MemoryClass::window) +
                 int64_t{result.states} * bytes_of(MemoryClass::state) - static_cast<int64_t>(bytes);
  const auto give_up = [&](int32_t& count, MemoryClass of, int32_t least) {
    if (over <= 0 || bytes_of(of) <= 0) return;
    const int64_t given = std::clamp<int64_t>(ceil_div(over, bytes_of(of)), 0, std::max(0, count - least));
    count -= static_cast<int32_t>(given);
    over -= given * bytes_of(of);
  };
  give_up(result.states, MemoryClass::state, limits.running_max);
  give_up(result.windows, MemoryClass::window, limits.window_block_count / 2);
  give_up(result.blocks, MemoryClass::full, 1);
  give_up(result.windows, MemoryClass::window, 1);
  give_up(result.states, MemoryClass::state, 1);
  return result;
}

}  // namespace quire::server
