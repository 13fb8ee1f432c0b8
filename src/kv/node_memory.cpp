#include "kv/node_memory.h"

#include "base/check.h"

namespace quire {

NodeMemory::NodeMemory(int32_t count, int32_t node_count)
    : pool_(count), of_node_(static_cast<size_t>(node_count)), node_of_(static_cast<size_t>(count)) {}

// Sees to it that one is free.
void NodeMemory::free_one() {
  if (pool_.free_count() > 0) return;
  const BlockId oldest = pool_.oldest_cached();
  QUIRE_CHECK(oldest.valid(), "one is taken only when one is available");
  drop(node_of(oldest));
  ++evictions_;
}

BlockId NodeMemory::take() {
  free_one();
  return pool_.take();
}

BlockId NodeMemory::withhold() {
  free_one();
  return pool_.withhold();
}

BlockId NodeMemory::attach(BlockId block, BlockId node, int64_t step) {
  const BlockId known = of(node);
  if (known.valid()) {
    pool_.retain(known);
    pool_.release(block, false, step);
    return known;
  }
  QUIRE_CHECK(!node_of(block).valid() && pool_.state(block) == BlockState::held, "one has a single node");
  of_node_[static_cast<size_t>(node.value)] = block;
  node_of(block) = node;
  return block;
}

void NodeMemory::detach(BlockId block) {
  const BlockId node = node_of(block);
  QUIRE_CHECK(node.valid() && of(node) == block, "a node has it");
  of_node_[static_cast<size_t>(node.value)] = BlockId{};
  node_of(block) = BlockId{};
}

void NodeMemory::release(BlockId block, int64_t step) { pool_.release(block, node_of(block).valid(), step); }

void NodeMemory::drop(BlockId node) {
  const BlockId block = of(node);
  if (!block.valid()) return;
  detach(block);
  pool_.forget(block);
}

void NodeMemory::check(const PrefixTree& tree, const BlockPool& nodes) const {
  pool_.check();
  int32_t with_node = 0, nodes_with = 0;
  for (int32_t index = 0; index < pool_.count(); ++index) {
    const BlockId block{index};
    const BlockId node = node_of_[static_cast<size_t>(index)];
    const BlockState state = pool_.state(block);
    QUIRE_CHECK(node.valid() || state != BlockState::cached, "what is cached has a node");
    if (!node.valid()) continue;
    ++with_node;
    QUIRE_CHECK(of(node) == block && tree.contains(node), "its node is in the tree and has it");
    QUIRE_CHECK(state == BlockState::held || state == BlockState::cached, "what a node has is held or cached");
    QUIRE_CHECK(state != BlockState::held || nodes.state(node) == BlockState::held, "who holds it holds its node");
  }
  for (const BlockId block : of_node_) nodes_with += block.valid() ? 1 : 0;
  QUIRE_CHECK(with_node == nodes_with, "a node has what is its own");
}

}  // namespace quire
