// What must hold of what sequences hold, between steps and between plan and commit.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "sched/sequence_memory.h"

namespace quire {

// The table covers what is computed (and planned), and its full computed blocks are published under its own keys.
void SequenceMemory::check(const Sequence& sequence, int32_t planned_end) const {
  const int32_t covered = std::max(sequence.computed, planned_end);
  QUIRE_CHECK(static_cast<int32_t>(sequence.blocks.size()) == blocks_for(covered), "the table covers just its rows");
  for (int32_t index = 0; index < sequence.computed / limits_.block_tokens; ++index) {
    QUIRE_CHECK(cache_.find(key_of(sequence, index)) == sequence.blocks[static_cast<size_t>(index)],
                "a full computed block is published under the key of its rows");
  }
  for (size_t index = static_cast<size_t>(sequence.computed / limits_.block_tokens); index < sequence.blocks.size();
       ++index) {
    QUIRE_CHECK(!cache_.tree().contains(sequence.blocks[index]) && cache_.pool().ref_count(sequence.blocks[index]) == 1,
                "a block that is written is nobody else's");
  }
  check_windows(sequence);
  check_states(sequence);
}

// Exactly what rows from `computed` on see is held, and is of the nodes of the table.
void SequenceMemory::check_windows(const Sequence& sequence) const {
  const std::vector<BlockId>& blocks = sequence.window_blocks;
  QUIRE_CHECK(blocks.size() == (has_windows() ? sequence.blocks.size() : 0), "the tables have the same indices");
  for (size_t index = 0; index < blocks.size(); ++index) {
    const bool seen = static_cast<int32_t>(index) >= first_seen(sequence.computed);
    QUIRE_CHECK(blocks[index].valid() == seen, "a window block is held while a row to come sees it");
    if (!seen) continue;
    if (static_cast<int32_t>(index) < sequence.computed / limits_.block_tokens) {
      QUIRE_CHECK(cache_.windows().of(sequence.blocks[index]) == blocks[index], "a full one is its node's");
    } else {
      QUIRE_CHECK(cache_.windows().pool().ref_count(blocks[index]) == 1, "one that is written is nobody else's");
    }
  }
}

// There is a state for exactly `computed`: its own, or the snapshot of the last node.
void SequenceMemory::check_states(const Sequence& sequence) const {
  QUIRE_CHECK(sequence.state_from.valid() == (has_states() && sequence.computed > 0), "a state is where it goes on");
  QUIRE_CHECK(has_states() || (!sequence.own_state.valid() && sequence.snapshots.empty()),
              "no state where there are none");
  const BlockPool& pool = cache_.states().pool();
  if (sequence.own_state.valid()) {
    QUIRE_CHECK(pool.ref_count(sequence.own_state) == 1, "a state that is written is nobody else's");
  }
  if (sequence.state_from.valid() && sequence.state_from != sequence.own_state) {
    QUIRE_CHECK(
        sequence.computed % limits_.block_tokens == 0 &&
            cache_.states().of(sequence.blocks[static_cast<size_t>(sequence.computed / limits_.block_tokens) - 1]) ==
                sequence.state_from,
        "a hit goes on from the snapshot of its node");
  }
  int32_t before = sequence.computed;
  for (const StateSnapshot& snapshot : sequence.snapshots) {
    QUIRE_CHECK(snapshot.position > before && snapshot.position % limits_.block_tokens == 0, "snapshots are in order");
    QUIRE_CHECK(pool.ref_count(snapshot.state) == 1, "a snapshot that is written is nobody else's");
    before = snapshot.position;
  }
  QUIRE_CHECK(before <= sequence.expected_length(), "a snapshot is behind certain rows");
}

// A block has as many references as there are tables it is in.
void SequenceMemory::check_references(std::span<const Sequence* const> all) const {
  for (const MemoryClass of : memory_classes) {
    std::vector<int32_t> references(static_cast<size_t>(counts()[of]));
    const auto count = [&](BlockId block) {
      if (block.valid()) ++references[static_cast<size_t>(block.value)];
    };
    for (const Sequence* sequence : all) {
      if (of == MemoryClass::full) std::ranges::for_each(sequence->blocks, count);
      if (of == MemoryClass::window) std::ranges::for_each(sequence->window_blocks, count);
      if (of != MemoryClass::state) continue;
      count(sequence->own_state);
      if (sequence->state_from != sequence->own_state) count(sequence->state_from);
      for (const StateSnapshot& snapshot : sequence->snapshots) count(snapshot.state);
    }
    for (int32_t index = 0; index < counts()[of]; ++index) {
      QUIRE_CHECK(cache_.pool(of).ref_count(BlockId{index}) == references[static_cast<size_t>(index)],
                  "a block's references are the tables it is in");
    }
  }
}

}  // namespace quire
