// What a node of the prefix tree has beside its full block, of one class: a window block, or a snapshot of the state.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ids.h"
#include "kv/block_pool.h"
#include "kv/prefix_tree.h"

namespace quire {

// The numbers of one class, and which node has which. Those that nobody holds are kept while their node has them, and
// go in any order: no other one is found through them. Owned by the engine thread; not thread-safe.
// Invariants:
//  1. a node has at most one, and one has at most one node; every cached one has a node;
//  2. whoever holds one that a node has holds the node: so a node that is evicted has none that is held.
class NodeMemory {
 public:
  NodeMemory(int32_t count, int32_t node_count);

  const BlockPool& pool() const { return pool_; }
  int32_t available() const { return pool_.free_count() + pool_.cached_count(); }
  int64_t evictions() const { return evictions_; }

  // What this node has; invalid: nothing. It is not held by asking.
  BlockId of(BlockId node) const { return of_node_[static_cast<size_t>(node.value)]; }
  // A free one, else the one that was let go first, which leaves its node. REQUIRES: available() > 0.
  BlockId take();
  void retain(BlockId block) { pool_.retain(block); }
  // Gives a held one, computed as the node's full block was, to the node, and returns the one to hold from now on:
  // `block`, or the one that the node had (its bits are the same), in which case `block` is let go.
  BlockId attach(BlockId block, BlockId node, int64_t step);
  // It is the node's no more; whoever holds it goes on doing so.
  void detach(BlockId block);
  void release(BlockId block, int64_t step);
  // The node is evicted, or does not need what it has: that is free. REQUIRES: nobody holds it.
  void drop(BlockId node);

  BlockId withhold();
  void give_back() { pool_.give_back(); }

  // Stops the program when an invariant is broken. O(count).
  void check(const PrefixTree& tree, const BlockPool& nodes) const;

 private:
  void free_one();
  BlockId& node_of(BlockId block) { return node_of_[static_cast<size_t>(block.value)]; }

  BlockPool pool_;
  std::vector<BlockId> of_node_;  // (nodes)
  std::vector<BlockId> node_of_;  // (count); invalid: no node's
  int64_t evictions_ = 0;
};

}  // namespace quire
