#include "kv/prefix_tree.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace quire {

namespace {

// The finalizer of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): every input bit reaches every output bit.
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

PrefixTree::PrefixTree(int32_t block_count, int32_t block_tokens) : block_tokens_(block_tokens) {
  QUIRE_CHECK(block_count >= 0 && block_tokens >= 1, "a tree has blocks of at least one token");
  const size_t count = static_cast<size_t>(block_count);
  nodes_.resize(count);
  tokens_.resize(count * static_cast<size_t>(block_tokens));
  buckets_.resize(std::bit_ceil(std::max<size_t>(count, 1) * 2));
}

PrefixTree::Node& PrefixTree::node(BlockId block) {
  QUIRE_CHECK(block.valid() && static_cast<size_t>(block.value) < nodes_.size(), "the block is of this pool");
  return nodes_[static_cast<size_t>(block.value)];
}

const PrefixTree::Node& PrefixTree::node(BlockId block) const {
  QUIRE_CHECK(block.valid() && static_cast<size_t>(block.value) < nodes_.size(), "the block is of this pool");
  return nodes_[static_cast<size_t>(block.value)];
}

std::span<TokenId> PrefixTree::tokens_of(BlockId block) {
  const size_t width = static_cast<size_t>(block_tokens_);
  return std::span(tokens_).subspan(static_cast<size_t>(block.value) * width, width);
}

std::span<const TokenId> PrefixTree::tokens_of(BlockId block) const {
  const size_t width = static_cast<size_t>(block_tokens_);
  return std::span(tokens_).subspan(static_cast<size_t>(block.value) * width, width);
}

uint64_t PrefixTree::hash_of(const BlockKey& key) {
  uint64_t hash = mix(key.salt + 0x9e3779b97f4a7c15ULL);
  hash = mix(hash ^ static_cast<uint32_t>(key.parent.value) ^ (static_cast<uint64_t>(key.prompt_rows) << 32));
  for (const TokenId token : key.tokens) hash = mix(hash + static_cast<uint32_t>(token));
  return hash;
}

bool PrefixTree::equal(BlockId block, const BlockKey& key) const {
  const Node& n = node(block);
  return n.parent == key.parent && n.salt == key.salt && n.prompt_rows == key.prompt_rows &&
         std::ranges::equal(tokens_of(block), key.tokens);
}

BlockId PrefixTree::find(const BlockKey& key) const {
  const uint64_t hash = hash_of(key);
  for (BlockId block = bucket(hash); block.valid(); block = node(block).next) {
    if (node(block).hash == hash && equal(block, key)) return block;
  }
  return BlockId{};
}

void PrefixTree::insert(BlockId block, const BlockKey& key) {
  QUIRE_CHECK(key.tokens.size() == static_cast<size_t>(block_tokens_), "a key has the tokens of a whole block");
  QUIRE_CHECK(!node(block).present, "a block is published once");
  QUIRE_CHECK(!find(key).valid(), "a key has one block");
  if (key.parent.valid()) {
    QUIRE_CHECK(node(key.parent).present, "the block before it is published");
    ++node(key.parent).child_count;
  }
  const uint64_t hash = hash_of(key);
  node(block) = Node{.parent = key.parent,
                     .salt = key.salt,
                     .hash = hash,
                     .prompt_rows = key.prompt_rows,
                     .child_count = 0,
                     .next = bucket(hash),
                     .present = true};
  std::ranges::copy(key.tokens, tokens_of(block).begin());
  bucket(hash) = block;
  ++size_;
}

void PrefixTree::remove(BlockId block) {
  Node& n = node(block);
  QUIRE_CHECK(n.present && n.child_count == 0, "only a leaf is removed");
  BlockId* link = &bucket(n.hash);
  while (*link != block) link = &node(*link).next;
  *link = n.next;
  if (n.parent.valid()) --node(n.parent).child_count;
  n = Node{};
  --size_;
}

BlockKey PrefixTree::key_of(BlockId block) const {
  const Node& n = node(block);
  QUIRE_CHECK(n.present, "only a published block has a key");
  return BlockKey{.parent = n.parent, .salt = n.salt, .tokens = tokens_of(block), .prompt_rows = n.prompt_rows};
}

void PrefixTree::check() const {
  int32_t present = 0, edges = 0, child_counts = 0;
  for (int32_t index = 0; index < static_cast<int32_t>(nodes_.size()); ++index) {
    const BlockId block{index};
    const Node& n = node(block);
    if (!n.present) continue;
    ++present;
    child_counts += n.child_count;
    QUIRE_CHECK(find(key_of(block)) == block, "a published block is found by its key, and no other is");
    if (!n.parent.valid()) continue;
    ++edges;
    QUIRE_CHECK(node(n.parent).present && node(n.parent).child_count > 0, "a node's parent is a node and knows it");
  }
  QUIRE_CHECK(present == size_ && edges == child_counts, "nodes and edges are counted once");
}

}  // namespace quire
