#include "sim/memory_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace quire::sim {

namespace {

// The first in rank keeps what it has, so one that runs alone may hold more. A limit that fell since the plan was made
// counts from the next one on.
std::optional<std::string> check_limit(int32_t in_use, int32_t limit, int32_t limit_before, int32_t running,
                                       const char* what) {
  const bool is_kept = in_use >= limit && in_use <= std::max(limit, limit_before);
  if (is_kept || (in_use > limit && running <= 1)) return std::nullopt;
  return fmt::format("{} {} in use, the limit is {}", in_use, what, limit);
}

void note(Occurrences& occurrences, Occurrence occurrence, bool occurred) {
  if (occurred) occurrences.set(static_cast<size_t>(occurrence));
}

void note_slice(const BatchSlice& slice, const Sequence& sequence, Occurrences& occurrences) {
  const bool let_go = !slice.window_blocks.empty() && !slice.window_blocks.front().valid();
  note(occurrences, Occurrence::windows_let_go, let_go);
  note(occurrences, Occurrence::cached_beyond_window, let_go && sequence.cached_tokens == slice.position_begin);
  note(occurrences, Occurrence::snapshot_read, slice.state_from.valid() && slice.state_from != slice.state);
  note(occurrences, Occurrence::snapshot_written, !slice.snapshots.empty());
  note(occurrences, Occurrence::snapshots_missing, slice.state.valid() && sequence.path_end > slice.position_begin);
  note(occurrences, Occurrence::states_guessed, slice.state.valid() && slice.drafted > 0);
}

}  // namespace

std::optional<std::string> MemoryWatch::step(const Batch& batch, const Scheduler& scheduler, int32_t block_tokens,
                                             const SchedulerCounts* before, Occurrences& occurrences) {
  const SchedulerCounts counts = scheduler.counts();
  const ClassCounts& windows = counts.windows;
  const ClassCounts& states = counts.states;
  const int32_t blocks = counts.blocks_total - counts.blocks_withheld;
  const SchedulerCounts& earlier = before == nullptr ? counts : *before;
  auto broken = check_limit(blocks, counts.block_limit, earlier.block_limit, counts.running, "blocks");
  for (const auto& [now, then, what] :
       {std::tuple(windows, earlier.windows, "window blocks"), std::tuple(states, earlier.states, "states")}) {
    if (!broken) broken = check_limit(now.total - now.withheld, now.limit, then.limit, counts.running, what);
  }
  note(occurrences, Occurrence::withheld, counts.blocks_withheld > 0);
  note(occurrences, Occurrence::windows_withheld, windows.withheld > 0);
  note(occurrences, Occurrence::states_withheld, states.withheld > 0);
  note(occurrences, Occurrence::window_evicted, windows.evictions > 0);
  note(occurrences, Occurrence::snapshot_evicted, states.evictions > 0);
  for (const BatchSlice& slice : batch.slices) {
    const Sequence& sequence = *scheduler.find(slice.sequence);
    note_slice(slice, sequence, occurrences);
    if (!broken) broken = check_salts(slice, sequence.cache_salt, block_tokens);
  }
  return broken;
}

std::optional<std::string> MemoryWatch::check_salts(const BatchSlice& slice, uint64_t salt, int32_t block_tokens) {
  std::optional<std::string> broken;
  const auto touch = [&](MemoryClass of, BlockId block, bool writes) {
    if (!block.valid()) return;
    uint64_t& known = salt_of_block_[static_cast<size_t>(of)][block.value];
    if (!writes && known != salt) broken = fmt::format("sequence {} reads rows of another salt", slice.sequence.value);
    known = salt;
  };
  const int32_t end = slice.position_begin + slice.row_end - slice.row_begin;
  for (int32_t index = 0; index * block_tokens < end; ++index) {
    const bool writes = (index + 1) * block_tokens > slice.position_begin;
    touch(MemoryClass::full, slice.blocks[static_cast<size_t>(index)], writes);
    if (slice.window_blocks.empty()) continue;
    touch(MemoryClass::window, slice.window_blocks[static_cast<size_t>(index)], writes);
  }
  touch(MemoryClass::state, slice.state_from, false);
  touch(MemoryClass::state, slice.state, true);
  for (const StateSnapshot& snapshot : slice.snapshots) touch(MemoryClass::state, snapshot.state, true);
  return broken;
}

}  // namespace quire::sim
