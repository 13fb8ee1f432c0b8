#include "sched/sequence_memory.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {

SequenceMemory::SequenceMemory(const Limits& limits)
    : limits_(limits),
      cache_({.full = limits.block_count, .window = limits.window_block_count, .state = limits.state_count},
             limits.block_tokens) {
  QUIRE_CHECK((limits.window_tokens > 0) == (limits.window_block_count > 0), "windows have blocks of their own");
  QUIRE_CHECK(!limits.whole_texts || (!has_windows() && !has_states()), "a whole text keeps nothing");
  QUIRE_CHECK(!has_states() || (limits.snapshot_tokens > 0 && limits.snapshot_tokens % limits.block_tokens == 0),
              "snapshots are at edges of blocks");
  for (const MemoryClass of : memory_classes) {
    fresh_of(of).reserve(static_cast<size_t>(counts()[of]));
    withheld_[static_cast<size_t>(of)].reserve(static_cast<size_t>(counts()[of]));
  }
}

MemoryCounts SequenceMemory::counts() const {
  return {.full = limits_.block_count, .window = limits_.window_block_count, .state = limits_.state_count};
}

MemoryCounts SequenceMemory::available() const {
  return {.full = cache_.available(), .window = cache_.windows().available(), .state = cache_.states().available()};
}

int32_t SequenceMemory::blocks_for(int64_t tokens) const {
  return static_cast<int32_t>(ceil_div<int64_t>(tokens, limits_.block_tokens));
}

// Positions that a slice sees through the window, wherever blocks begin among them.
MemoryCounts SequenceMemory::needed(int64_t length, int64_t slice_rows) const {
  MemoryCounts needed{.full = blocks_for(length), .state = has_states() ? 1 : 0};
  const int64_t seen = limits_.window_tokens - 1 + slice_rows;
  if (has_windows()) needed.window = std::min(needed.full, blocks_for(seen - 1) + 1);
  return needed;
}

MemoryCounts SequenceMemory::lacking(const Sequence& sequence, const MemoryCounts& needed,
                                     const TreeMatch& match) const {
  MemoryCounts has = held(sequence);
  for (const BlockId block : match.blocks) has.full += cache_.pool().state(block) == BlockState::held ? 1 : 0;
  for (const BlockId block : match.window_blocks) {
    if (block.valid()) has.window += cache_.windows().pool().state(block) == BlockState::held ? 1 : 0;
  }
  const bool takes_snapshot =
      match.snapshot.valid() && cache_.states().pool().state(match.snapshot) == BlockState::cached;
  return {.full = std::max(0, needed.full - has.full),
          .window = std::max(0, needed.window - has.window),
          .state = (sequence.own_state.valid() ? 0 : needed.state) + (takes_snapshot ? 1 : 0)};
}

MemoryCounts SequenceMemory::held(const Sequence& sequence) const {
  MemoryCounts held{.full = static_cast<int32_t>(sequence.blocks.size())};
  if (has_windows()) held.window = std::max(0, held.full - first_seen(sequence.computed));
  const bool reads_snapshot = sequence.state_from.valid() && sequence.state_from != sequence.own_state;
  held.state = (sequence.own_state.valid() ? 1 : 0) + (reads_snapshot ? 1 : 0);
  return held;
}

// The first block of which a row at this position sees something through the window.
int32_t SequenceMemory::first_seen(int32_t position) const {
  return std::max(0, position - limits_.window_tokens + 1) / limits_.block_tokens;
}

BlockKey SequenceMemory::key_at(const Sequence& sequence, int32_t block_index, BlockId parent) const {
  const int32_t begin = block_index * limits_.block_tokens;
  const std::span<const TokenId> tokens(sequence.tokens);
  return {.parent = parent,
          .salt = sequence.cache_salt,
          .tokens = tokens.subspan(static_cast<size_t>(begin), static_cast<size_t>(limits_.block_tokens)),
          .prompt_rows =
              limits_.prompt_rows_differ ? std::clamp(sequence.prompt_length - begin, 0, limits_.block_tokens) : 0};
}

BlockKey SequenceMemory::key_of(const Sequence& sequence, int32_t block_index) const {
  const std::vector<BlockId>& blocks = sequence.blocks;
  return key_at(sequence, block_index, block_index == 0 ? BlockId{} : blocks[static_cast<size_t>(block_index) - 1]);
}

// The deepest node that has all that the next row reads: of its path all full blocks, the window blocks that this row
// sees, and the state.
void SequenceMemory::match(const Sequence& sequence, int32_t end, TreeMatch& match) const {
  match.blocks.clear();
  match.window_blocks.clear();
  match.snapshot = {};
  match.path_end = sequence.computed;
  // What the step that runs computes of it comes first.
  if (sequence.computed % limits_.block_tokens != 0 || sequence.issued > sequence.computed) return;
  const int32_t own = sequence.computed / limits_.block_tokens;
  size_t usable = 0;
  int32_t windows = 0;  // nodes that have one, up to the last
  BlockId parent = sequence.blocks.empty() ? BlockId{} : sequence.blocks.back();
  for (int32_t index = own; index < end / limits_.block_tokens; ++index) {
    parent = cache_.find(key_at(sequence, index, parent));
    if (!parent.valid()) break;
    match.blocks.push_back(parent);
    match.path_end += limits_.block_tokens;
    if (has_windows()) match.window_blocks.push_back(cache_.windows().of(parent));
    windows = has_windows() && match.window_blocks.back().valid() ? windows + 1 : 0;
    if (has_windows() && windows < index + 1 - std::max(own, first_seen(match.path_end))) continue;
    if (has_states() && !cache_.states().of(parent).valid()) continue;
    usable = match.blocks.size();
  }
  match.blocks.resize(usable);
  match.window_blocks.resize(has_windows() ? usable : 0);
  if (usable == 0) return;
  if (has_states()) match.snapshot = cache_.states().of(match.blocks.back());
  const int32_t first = first_seen(sequence.computed + static_cast<int32_t>(usable) * limits_.block_tokens);
  for (int32_t index = own; index < std::min(first, own + static_cast<int32_t>(match.window_blocks.size())); ++index) {
    match.window_blocks[static_cast<size_t>(index - own)] = {};
  }
}

void SequenceMemory::adopt(Sequence& sequence, const TreeMatch& match, int64_t step) {
  if (match.blocks.empty()) return;
  const size_t own = sequence.blocks.size();
  const auto seen_before = static_cast<size_t>(first_seen(sequence.computed));
  for (const BlockId block : match.blocks) {
    cache_.retain(block);
    sequence.blocks.push_back(block);
  }
  for (const BlockId block : match.window_blocks) {
    if (block.valid()) cache_.windows().retain(block);
    sequence.window_blocks.push_back(block);
  }
  sequence.computed += static_cast<int32_t>(match.blocks.size()) * limits_.block_tokens;
  sequence.issued = sequence.computed;
  let_go_of_windows(sequence, seen_before, std::min(own, static_cast<size_t>(first_seen(sequence.computed))), step);
  if (!has_states()) return;
  cache_.states().retain(match.snapshot);
  go_on_from(sequence, match.snapshot, step);
}

// The state behind `computed` is another one from now on.
void SequenceMemory::go_on_from(Sequence& sequence, BlockId state, int64_t step) {
  const BlockId before = std::exchange(sequence.state_from, state);
  if (before.valid() && before != sequence.own_state && before != state) cache_.states().release(before, step);
}

void SequenceMemory::let_go_of_windows(Sequence& sequence, size_t begin, size_t end, int64_t step) {
  for (size_t index = begin; has_windows() && index < end; ++index) {
    cache_.windows().release(std::exchange(sequence.window_blocks[index], BlockId{}), step);
  }
}

// Where no other state is to be had, the snapshot that nobody else reads becomes the sequence's own.
bool SequenceMemory::may_keep_its_snapshot(const Sequence& sequence) const {
  return sequence.state_from.valid() && cache_.states().pool().ref_count(sequence.state_from) == 1;
}

void SequenceMemory::reserve(Sequence& sequence, int64_t length_max) const {
  const auto blocks = static_cast<size_t>(blocks_for(length_max));
  sequence.blocks.reserve(blocks);
  if (has_windows()) sequence.window_blocks.reserve(blocks);
  if (has_states()) {
    const int32_t of_a_slice = limits_.step_tokens_max / limits_.snapshot_tokens + 4;
    const int32_t on_the_way = of_a_slice * (1 + limits_.plans_ahead);
    sequence.snapshots.reserve(static_cast<size_t>(std::min(on_the_way, limits_.state_count)));
  }
}

MemoryCounts SequenceMemory::wanted(const Sequence& sequence, int32_t end) const {
  if (end <= sequence.issued) return {};
  const int32_t blocks = blocks_for(end) - static_cast<int32_t>(sequence.blocks.size());
  const bool has_state =
      sequence.own_state.valid() || (cache_.states().available() == 0 && may_keep_its_snapshot(sequence));
  return {.full = blocks, .window = has_windows() ? blocks : 0, .state = has_states() && !has_state ? 1 : 0};
}

int32_t SequenceMemory::cut(const Sequence& sequence, int32_t end) const {
  if (!has_windows() || end <= sequence.issued) return end;
  const int64_t blocks = std::ssize(sequence.blocks) + cache_.windows().available();
  return std::max(sequence.issued + 1, static_cast<int32_t>(std::min<int64_t>(end, blocks * limits_.block_tokens)));
}

void SequenceMemory::take(Sequence& sequence, int32_t end) {
  if (end <= sequence.issued) return;
  const auto count = static_cast<size_t>(blocks_for(end));
  while (sequence.blocks.size() < count) {
    fresh_of(MemoryClass::full).push_back(cache_.take());
    sequence.blocks.push_back(fresh_of(MemoryClass::full).back());
    if (!has_windows()) continue;
    fresh_of(MemoryClass::window).push_back(cache_.windows().take());
    sequence.window_blocks.push_back(fresh_of(MemoryClass::window).back());
  }
  if (has_states() && !sequence.own_state.valid()) take_state(sequence);
}

void SequenceMemory::take_state(Sequence& sequence) {
  NodeMemory& states = cache_.states();
  if (states.available() > 0) {
    sequence.own_state = states.take();
    fresh_of(MemoryClass::state).push_back(sequence.own_state);
  } else {
    QUIRE_CHECK(may_keep_its_snapshot(sequence), "a state is there");
    states.detach(sequence.state_from);
    sequence.own_state = sequence.state_from;
  }
}

// For others: where the prompt's last token is left to compute, where the sequence went on alone, and on the way.
bool SequenceMemory::wants_snapshot(const Sequence& sequence, int32_t position) const {
  const int32_t last = (sequence.prompt_length - 1) / limits_.block_tokens * limits_.block_tokens;
  return position == last || position == sequence.path_end ||
         (position <= sequence.prompt_length && position % limits_.snapshot_tokens == 0);
}

// The snapshot that a sequence wrote last for itself is of no use when the next one is there.
void SequenceMemory::drop_following(Sequence& sequence) {
  const StateSnapshot before = std::exchange(sequence.following, {});
  if (before.position == 0) return;
  const BlockId node = sequence.blocks[static_cast<size_t>(before.position / limits_.block_tokens) - 1];
  NodeMemory& states = cache_.states();
  const bool is_there = states.of(node) == before.state && states.pool().state(before.state) == BlockState::cached;
  if (is_there) states.drop(node);
}

void SequenceMemory::take_snapshots(Sequence& sequence, int32_t end) {
  const int32_t block_tokens = limits_.block_tokens;
  const int32_t last = std::min(end, sequence.expected_length()) / block_tokens * block_tokens;
  if (!has_states() || last <= sequence.issued) return;
  // The one that the step which runs writes for the sequence is the next one, and no other beside it.
  const bool follows = sequence.following.position > sequence.computed;
  if (!follows) drop_following(sequence);
  NodeMemory& states = cache_.states();
  const auto first = static_cast<ptrdiff_t>(sequence.snapshots.size());
  const auto add = [&](int32_t position) {
    if (states.available() == 0) return;
    sequence.snapshots.push_back({.position = position, .state = states.take()});
    fresh_of(MemoryClass::state).push_back(sequence.snapshots.back().state);
  };
  // Where there are few, deep ones are worth more, and those for others more than the sequence's own.
  for (int32_t position = last; position > sequence.issued; position -= block_tokens) {
    if (wants_snapshot(sequence, position)) add(position);
  }
  std::reverse(sequence.snapshots.begin() + first, sequence.snapshots.end());
  const auto has_last = [&] { return !sequence.snapshots.empty() && sequence.snapshots.back().position == last; };
  if (has_last() || follows) return;
  add(last);
  if (has_last()) sequence.following = sequence.snapshots.back();
}

void SequenceMemory::advance(Sequence& sequence, int32_t before, int32_t planned_end, int64_t step) {
  publish(sequence, before, step);
  keep_snapshots(sequence, step);
  const auto covered = static_cast<size_t>(blocks_for(std::max(sequence.computed, planned_end)));
  cache_.release(std::span(sequence.blocks).subspan(covered), step);
  sequence.blocks.resize(covered);
  if (has_windows()) {
    let_go_of_windows(sequence, covered, sequence.window_blocks.size(), step);
    sequence.window_blocks.resize(covered);
    let_go_of_windows(sequence, static_cast<size_t>(first_seen(before)),
                      static_cast<size_t>(first_seen(sequence.computed)), step);
  }
  if (has_states()) go_on_from(sequence, sequence.own_state, step);
}

// Blocks that have just become full can be found by others from now on. Those of a whole text are nobody else's: its
// rows know what comes behind them.
void SequenceMemory::publish(Sequence& sequence, int32_t before, int64_t step) {
  if (limits_.whole_texts) return;
  const int32_t full = sequence.computed / limits_.block_tokens;
  for (int32_t index = before / limits_.block_tokens; index < full; ++index) {
    BlockId& block = sequence.blocks[static_cast<size_t>(index)];
    block = cache_.publish(block, key_of(sequence, index), step);
    if (!has_windows()) continue;
    BlockId& window = sequence.window_blocks[static_cast<size_t>(index)];
    window = cache_.windows().attach(window, block, step);
  }
}

// Those that the slice has written; others are of one that is planned.
void SequenceMemory::keep_snapshots(Sequence& sequence, int64_t step) {
  size_t written = 0;
  for (; written < sequence.snapshots.size(); ++written) {
    const StateSnapshot& snapshot = sequence.snapshots[written];
    if (snapshot.position > sequence.computed) break;
    const BlockId node = sequence.blocks[static_cast<size_t>(snapshot.position / limits_.block_tokens) - 1];
    const BlockId kept = cache_.states().attach(snapshot.state, node, step);
    cache_.states().release(kept, step);
    // Somebody else's is not the sequence's to drop.
    if (kept != snapshot.state && sequence.following.position == snapshot.position) sequence.following = {};
  }
  sequence.snapshots.erase(sequence.snapshots.begin(), sequence.snapshots.begin() + static_cast<ptrdiff_t>(written));
}

// Of the window blocks the last ones are worth most, since a hit needs those at its end: they are let go last.
void SequenceMemory::release(Sequence& sequence, int64_t step) {
  for (const StateSnapshot& snapshot : sequence.snapshots) cache_.states().release(snapshot.state, step);
  sequence.snapshots.clear();
  let_go_of_windows(sequence, static_cast<size_t>(has_windows() ? first_seen(sequence.computed) : 0),
                    sequence.window_blocks.size(), step);
  sequence.window_blocks.clear();
  go_on_from(sequence, sequence.own_state, step);
  if (sequence.own_state.valid()) cache_.states().release(sequence.own_state, step);
  sequence.own_state = sequence.state_from = {};
  sequence.following = {};
  sequence.path_end = 0;
  cache_.release(sequence.blocks, step);
  sequence.blocks.clear();
}

void SequenceMemory::withhold(MemoryClass of) { withheld_[static_cast<size_t>(of)].push_back(cache_.withhold(of)); }

void SequenceMemory::begin_plan() {
  for (std::vector<BlockId>& blocks : fresh_) blocks.clear();
  for (std::vector<BlockId>& blocks : withheld_) blocks.clear();
}

}  // namespace quire
