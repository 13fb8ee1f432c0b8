// The pools and the tree together: blocks that are taken, published under a key, shared, let go and evicted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/ids.h"
#include "kv/block_pool.h"
#include "kv/memory_counts.h"
#include "kv/node_memory.h"
#include "kv/prefix_tree.h"

namespace quire {

// A node of the tree is a full block, and may have a window block and a snapshot of the state (kv/node_memory.h): those
// may go before it, and go with it. Owned by the engine thread; not thread-safe.
// Invariants, of full blocks:
//  1. a block of the tree is held or cached, and every cached block is in the tree;
//  2. whoever holds a block of the tree holds its parent: a held block's parent is held;
//  3. so descendants are let go before, or with and listed before, their ancestors: the oldest cached block is always
//     a leaf, and every cached block can be had.
class BlockCache {
 public:
  // How many there are of each class.
  BlockCache(const MemoryCounts& counts, int32_t block_tokens);

  const BlockPool& pool(MemoryClass of = MemoryClass::full) const;
  const PrefixTree& tree() const { return tree_; }
  const NodeMemory& windows() const { return windows_; }
  const NodeMemory& states() const { return states_; }
  NodeMemory& windows() { return windows_; }
  NodeMemory& states() { return states_; }
  // What could be given out now: of full blocks by take().
  int32_t available() const { return pool_.free_count() + pool_.cached_count(); }
  int64_t evictions() const { return evictions_; }

  // A block that holds nobody's rows: a free one, else the one that was let go first. REQUIRES: available() > 0.
  BlockId take();
  // The published block with this key; invalid when there is none. It is not held by asking.
  BlockId find(const BlockKey& key) const { return tree_.find(key); }
  void retain(BlockId block) { pool_.retain(block); }
  // Makes a held, full, computed block known under its key, and returns the block to hold from now on: `block`, or the
  // one that already had this key (its rows have the same bits), in which case `block` is free again.
  BlockId publish(BlockId block, const BlockKey& key, int64_t step);
  // Lets a sequence's table go, the last block first; what is published stays findable.
  void release(std::span<const BlockId> table, int64_t step);

  // Takes a free one out of use, else the one that was let go first; what it holds is gone. REQUIRES: one is available.
  BlockId withhold(MemoryClass of = MemoryClass::full);
  void give_back(MemoryClass of = MemoryClass::full);

  // Stops the program when an invariant is broken. O(blocks).
  void check() const;

 private:
  void free_one();
  NodeMemory& beside(MemoryClass of) { return of == MemoryClass::window ? windows_ : states_; }

  BlockPool pool_;
  PrefixTree tree_;
  NodeMemory windows_;
  NodeMemory states_;
  int64_t evictions_ = 0;
};

}  // namespace quire
