// What the machines of an automaton have on their stacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quire::constraint {

enum class StackId : uint32_t {};
inline constexpr StackId empty_stack{};

// Rounds of which a text is known to be too short to bring them near a bound: they are not counted. Before the lower
// bound there has to be another round; between the bounds there may be.
inline constexpr uint32_t round_before_min = 0;
inline constexpr uint32_t round_between = 0xfffffffe;

// The top of a stack: where a call returns to, or the round that a repetition is in, counted from 1.
struct Frame {
  uint32_t position = 0;  // where a call returns to; 0: a round
  uint32_t repeat = 0;    // of a round
  uint32_t round = 0;
  bool operator==(const Frame&) const = default;
  bool is_round() const { return position == 0; }
};

// Equal stacks have one number, and share what is under their tops. A stack's number is above that of the one below its
// top. One thread.
class Stacks {
 public:
  Stacks() : nodes_(1), table_(64, empty_slot) {}

  StackId push(StackId below, const Frame& top);
  // REQUIRES: stack != empty_stack.
  const Frame& top(StackId stack) const { return node(stack).top; }
  StackId below(StackId stack) const { return node(stack).below; }
  uint32_t depth(StackId stack) const { return node(stack).depth; }  // frames in it
  size_t count() const { return nodes_.size(); }
  size_t size_bytes() const { return nodes_.capacity() * sizeof(Node) + table_.size() * sizeof(uint32_t); }

 private:
  struct Node {
    Frame top;
    StackId below = empty_stack;
    uint32_t depth = 0;
  };
  static constexpr uint32_t empty_slot = 0xffffffff;
  const Node& node(StackId stack) const { return nodes_[static_cast<size_t>(stack)]; }
  static size_t hash(StackId below, const Frame& top);
  void grow();

  std::vector<Node> nodes_;      // 0 is the empty stack
  std::vector<uint32_t> table_;  // of nodes_, by hash; a power of two, at most half full
};

}  // namespace quire::constraint
