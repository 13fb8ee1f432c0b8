// Which block holds the rows of which tokens, for whole blocks, so that equal prefixes are computed once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/ids.h"

namespace quire {

// What decides the bits of a block's rows: everything before it (the parent, invalid at the start of a sequence), its
// own tokens, and how many of its leading rows were made as prompt rows, where that matters. The salt keeps tenants
// apart.
struct BlockKey {
  BlockId parent;
  uint64_t salt = 0;
  std::span<const TokenId> tokens;  // (block_tokens)
  int32_t prompt_rows = 0;          // in [0, block_tokens]; 0 where all rows are alike (Limits::prompt_rows_differ)
};

// A tree of blocks: a node is a block that is full of computed rows, an edge leads to the block before it.
// Keys are compared exactly; a hash only says where to look. All memory is taken at construction.
// Owned by the engine thread; not thread-safe.
// Invariants: no two blocks have equal keys; a node's parent is a node; only leaves are removed.
class PrefixTree {
 public:
  // REQUIRES: block_count >= 0, block_tokens >= 1.
  PrefixTree(int32_t block_count, int32_t block_tokens);

  int32_t block_tokens() const { return block_tokens_; }
  int32_t size() const { return size_; }

  // The block with exactly this key; invalid when there is none.
  BlockId find(const BlockKey& key) const;
  // REQUIRES: the block is not in the tree, no block has this key, and key.parent is invalid or in the tree.
  void insert(BlockId block, const BlockKey& key);
  // REQUIRES: the block is in the tree and is a leaf.
  void remove(BlockId block);

  bool contains(BlockId block) const { return node(block).present; }
  bool is_leaf(BlockId block) const { return node(block).child_count == 0; }
  // The key it was inserted with. REQUIRES: contains(block). Valid until the block is removed.
  BlockKey key_of(BlockId block) const;

  // Stops the program when an invariant is broken. O(block_count).
  void check() const;

 private:
  struct Node {
    BlockId parent;
    uint64_t salt = 0;
    uint64_t hash = 0;
    int32_t prompt_rows = 0;
    int32_t child_count = 0;
    BlockId next;  // in the same bucket
    bool present = false;
  };

  Node& node(BlockId block);
  const Node& node(BlockId block) const;
  std::span<TokenId> tokens_of(BlockId block);
  std::span<const TokenId> tokens_of(BlockId block) const;
  bool equal(BlockId block, const BlockKey& key) const;
  BlockId& bucket(uint64_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
  const BlockId& bucket(uint64_t hash) const { return buckets_[hash & (buckets_.size() - 1)]; }
  static uint64_t hash_of(const BlockKey& key);

  // const after construction
  const int32_t block_tokens_;

  std::vector<Node> nodes_;       // (block_count)
  std::vector<TokenId> tokens_;   // (block_count, block_tokens)
  std::vector<BlockId> buckets_;  // a power of two of them: first node of each chain
  int32_t size_ = 0;
};

}  // namespace quire
