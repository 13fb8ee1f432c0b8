// Hashes of small numbers for tables in memory.
#pragma once

#include <cstdint>

namespace quire::constraint {

// A step of a hash over several numbers; the multiplier is that of splitmix64.
constexpr uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
  return hash ^ (hash >> 29);
}

}  // namespace quire::constraint
