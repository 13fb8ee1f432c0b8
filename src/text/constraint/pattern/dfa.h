// Deterministic automata over a small alphabet, and over bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace quire::constraint {

// Partial: what has no way on ends there. It begins in state 0.
struct Dfa {
  static constexpr uint32_t none = UINT32_MAX;
  uint32_t letter_count = 0;
  std::vector<uint32_t> next;    // (states, letter_count)
  std::vector<uint8_t> accepts;  // (states)

  size_t state_count() const { return accepts.size(); }
  uint32_t step(uint32_t state, uint32_t letter) const { return next[size_t{state} * letter_count + letter]; }
  uint32_t add_state(bool accepting) {
    next.resize(next.size() + letter_count, none);
    accepts.push_back(accepting);
    return static_cast<uint32_t>(accepts.size() - 1);
  }
  void set(uint32_t state, uint32_t letter, uint32_t target) { next[size_t{state} * letter_count + letter] = target; }
  bool operator==(const Dfa&) const = default;
};

// The smallest one of the same language. Its states are numbered breadth first; each is on a way from 0 to an accepting
// one, but 0 itself where there is no text at all.
Dfa minimal(const Dfa& dfa);

// Bytes that no state tells apart are one letter.
struct ByteDfa {
  std::array<uint8_t, 256> letter_of{};
  Dfa dfa;

  uint32_t step(uint32_t state, uint8_t byte) const { return dfa.step(state, letter_of[byte]); }
  bool operator==(const ByteDfa&) const = default;
};

// Minimal, with as few letters as can be, in the order of their first bytes: equal languages give equal values.
ByteDfa canonical(ByteDfa automaton);
// The same for one that is minimal but for its numbers, in a fraction of the time.
ByteDfa renumbered(ByteDfa automaton);

// An automaton over bytes as it is being built: ways are ranges of bytes.
struct ByteEdge {
  uint8_t first = 0, last = 0;
  uint32_t target = 0;
  auto operator<=>(const ByteEdge&) const = default;
};
// REQUIRES: the edges of a state do not overlap.
ByteDfa from_edges(const std::vector<std::vector<ByteEdge>>& states, const std::vector<uint8_t>& accepts);

}  // namespace quire::constraint
