#include "text/constraint/automaton/stacks.h"

#include "text/constraint/hash.h"

namespace quire::constraint {

size_t Stacks::hash(StackId below, const Frame& top) {
  return mix(mix(mix(mix(0, static_cast<uint64_t>(below)), top.position), top.repeat), top.round);
}

StackId Stacks::push(StackId below, const Frame& top) {
  const size_t mask = table_.size() - 1;
  size_t slot = hash(below, top) & mask;
  for (; table_[slot] != empty_slot; slot = (slot + 1) & mask) {
    const Node& found = nodes_[table_[slot]];
    if (found.below == below && found.top == top) return StackId{table_[slot]};
  }
  const auto id = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({.top = top, .below = below, .depth = depth(below) + 1});
  table_[slot] = id;
  if (nodes_.size() * 2 > table_.size()) grow();
  return StackId{id};
}

void Stacks::grow() {
  table_.assign(table_.size() * 2, empty_slot);
  const size_t mask = table_.size() - 1;
  for (uint32_t id = 1; id < nodes_.size(); ++id) {
    size_t slot = hash(nodes_[id].below, nodes_[id].top) & mask;
    while (table_[slot] != empty_slot) slot = (slot + 1) & mask;
    table_[slot] = id;
  }
}

}  // namespace quire::constraint
