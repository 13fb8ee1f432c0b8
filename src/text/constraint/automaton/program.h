// A grammar as positions of a machine that reads bytes: what the automaton steps over.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "text/constraint/grammar/grammar.h"

namespace quire::constraint {

// What a position does. A machine is at some of them at once, each with a stack of where its calls return to.
enum class Op : uint8_t {
  leave,  // goes where the top of the stack says; with an empty stack the text is complete. Position 0, and no other
  read,   // a byte of set `value`, then `next`
  call,   // rule at `value`, then `next`. With next == 0 nothing comes after it, and nothing is put on the stack
  split,  // each of the `count` positions from edges[value] on
  enter,  // the first round of repeats[value]; none, `next`, when it may be left out
  loop,   // the end of a round of repeats[value]: another one, or `next`
};
struct Instruction {
  Op op = Op::leave;
  uint32_t value = 0;
  uint32_t next = 0;
  uint32_t count = 0;
};

// Rounds are counted on the stack, so that a bound of a million takes no more positions than one of two. A round is
// never empty.
struct Repeat {
  uint32_t body = 0;
  uint32_t min = 0;
  uint32_t max = 0;
};

// Immutable once compiled; any thread.
// Invariants: from every position a text can be completed; without reading a byte, no machine can put a call or a round
// on its stack for ever.
struct Program {
  std::vector<Instruction> instructions;
  std::vector<uint32_t> edges;
  std::vector<Repeat> repeats;
  uint32_t begin = 0;
  // Bytes that no set tells apart are one class. Sets are of classes.
  std::array<uint8_t, 256> class_of{};
  size_t class_count = 1;
  std::vector<ByteSet> sets;

  size_t size_bytes() const {
    return instructions.size() * sizeof(Instruction) + edges.size() * sizeof(uint32_t) +
           repeats.size() * sizeof(Repeat) + sets.size() * sizeof(ByteSet);
  }
};

constexpr size_t program_positions_max = size_t{1} << 19;

// Without recursion, in time that its size bounds. Bytes that are not in `spelled` are taken out of the language, and
// with them what cannot be completed. Errors: what Grammar::check finds; ErrorKind::unsupported for a rule that begins
// with itself, and for a language without any text; ErrorKind::too_large over program_positions_max.
Result<Program> compile(const Grammar& grammar, const ByteSet& spelled = ByteSet().set());

}  // namespace quire::constraint
