// The small numbers that name things. Distinct types, so that one cannot be passed for another.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace quire {

// A token's number in its model's vocabulary.
using TokenId = int32_t;

// Names one sequence: given by the server in order of arrival, never reused in a process.
struct SequenceId {
  uint64_t value = 0;
  auto operator<=>(const SequenceId&) const = default;
};

// What a context keeps of its tokens, by when it may be let go (docs/adr/0029-classes-of-memory.md). Each class has
// numbers of its own.
enum class MemoryClass : uint8_t {
  full,    // keys and values of layers that see all positions
  window,  // ... of layers that see the last ones
  state,   // what recurrent layers have made of all positions before one
};
inline constexpr size_t memory_class_count = 3;

// A block of the paged KV cache, or a state: an index into the pool of its class.
struct BlockId {
  int32_t value = -1;
  auto operator<=>(const BlockId&) const = default;
  bool valid() const { return value >= 0; }
};

}  // namespace quire

template <>
struct std::hash<quire::SequenceId> {
  size_t operator()(quire::SequenceId id) const noexcept { return std::hash<uint64_t>{}(id.value); }
};
