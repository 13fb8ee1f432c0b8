// What sequences hold of each class of memory: tables, hits, publishing, letting go. When, the scheduler says.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/limits.h"
#include "kv/block_cache.h"
#include "kv/memory_counts.h"
#include "sched/sequence.h"

namespace quire {

// A path of the tree that continues a sequence's own table, as deep as it can go on from.
struct TreeMatch {
  std::vector<BlockId> blocks;
  std::vector<BlockId> window_blocks;  // of these; invalid where no row behind them sees it, or there are no windows
  BlockId snapshot;                    // the state behind them; invalid where there are no states, or no blocks
  int32_t path_end = 0;                // how many positions of the sequence the tree knows, deeper than that perhaps
};

// Owned by the scheduler; engine thread only. Of a model without windows, or without states, those classes are empty:
// nothing is wanted of them, and nothing is there. Invariants: check().
class SequenceMemory {
 public:
  explicit SequenceMemory(const Limits& limits);

  const BlockCache& cache() const { return cache_; }
  bool has_windows() const { return limits_.window_tokens > 0; }
  bool has_states() const { return limits_.state_count > 0; }
  MemoryCounts counts() const;
  MemoryCounts available() const;
  int32_t blocks_for(int64_t tokens) const;
  // What a sequence needs at once, at most, to become `length` tokens long in slices of so many rows.
  MemoryCounts needed(int64_t length, int64_t slice_rows) const;
  // ... and would still have to take out of what is available, with what the tree has for it.
  MemoryCounts lacking(const Sequence& sequence, const MemoryCounts& needed, const TreeMatch& match) const;
  // What it holds; what others hold too counts.
  MemoryCounts held(const Sequence& sequence) const;

  // The key of the block at `block_index` of the sequence, whose block before that is `parent`, or as its table says.
  BlockKey key_at(const Sequence& sequence, int32_t block_index, BlockId parent) const;
  BlockKey key_of(const Sequence& sequence, int32_t block_index) const;
  // The published blocks below position `end` that continue the sequence's own table. Only at the edge of a block: a
  // block that is partly computed is finished by its owner.
  void match(const Sequence& sequence, int32_t end, TreeMatch& match) const;
  // A hit is arithmetic: the blocks are the sequence's, and their rows count as computed.
  void adopt(Sequence& sequence, const TreeMatch& match, int64_t step);

  // What the sequence has to take for a slice up to `end`; nothing where that is not beyond what is computed.
  MemoryCounts wanted(const Sequence& sequence, int32_t end) const;
  // The end of a slice that begins where the sequence stands, cut to the window blocks that there are: by no more than
  // all but its first row.
  int32_t cut(const Sequence& sequence, int32_t end) const;
  // Room in its tables for a sequence of this length, so that no step allocates.
  void reserve(Sequence& sequence, int64_t length_max) const;
  // REQUIRES: what it wants is available.
  void take(Sequence& sequence, int32_t end);
  // Places for what its slice writes on the way, as far as there are any, of rows before `end`.
  void take_snapshots(Sequence& sequence, int32_t end);

  // Rows up to `computed` are there, those from `before` on since now: what is full can be found by others, and what no
  // later row sees is let go. Blocks behind go back, too, but for those of a slice up to `planned_end` that is planned.
  void advance(Sequence& sequence, int32_t before, int32_t planned_end, int64_t step);
  // Lets all go; what is published stays findable.
  void release(Sequence& sequence, int64_t step);

  void withhold(MemoryClass of);
  void give_back(MemoryClass of) { cache_.give_back(of); }

  // Handed out, and taken out of use, since begin_plan().
  void begin_plan();
  std::span<const BlockId> fresh(MemoryClass of) const { return fresh_[static_cast<size_t>(of)]; }
  std::span<const BlockId> withheld(MemoryClass of) const { return withheld_[static_cast<size_t>(of)]; }

  // Of a sequence whose slice is planned up to `planned_end`, where it is: stops the program when an invariant is
  // broken.
  void check(const Sequence& sequence, int32_t planned_end) const;
  // Of these, who are all that there are: references are the tables that a block is in.
  void check_references(std::span<const Sequence* const> all) const;

 private:
  int32_t first_seen(int32_t position) const;
  bool may_keep_its_snapshot(const Sequence& sequence) const;
  bool wants_snapshot(const Sequence& sequence, int32_t position) const;
  void take_state(Sequence& sequence);
  void drop_following(Sequence& sequence);
  void publish(Sequence& sequence, int32_t before, int64_t step);
  void keep_snapshots(Sequence& sequence, int64_t step);
  void let_go_of_windows(Sequence& sequence, size_t begin, size_t end, int64_t step);
  void go_on_from(Sequence& sequence, BlockId state, int64_t step);
  void check_windows(const Sequence& sequence) const;
  void check_states(const Sequence& sequence) const;
  std::vector<BlockId>& fresh_of(MemoryClass of) { return fresh_[static_cast<size_t>(of)]; }

  const Limits limits_;
  BlockCache cache_;
  std::array<std::vector<BlockId>, memory_class_count> fresh_, withheld_;
};

}  // namespace quire
