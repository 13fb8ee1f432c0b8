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

// A block of the paged KV cache: an index into the pool.
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
