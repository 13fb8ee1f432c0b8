// A number for each class of memory.
#pragma once

#include <array>
#include <cstdint>

#include "core/ids.h"

namespace quire {

inline constexpr std::array memory_classes = {MemoryClass::full, MemoryClass::window, MemoryClass::state};

// Blocks, window blocks and states.
struct MemoryCounts {
  int32_t full = 0;
  int32_t window = 0;
  int32_t state = 0;

  int32_t& operator[](MemoryClass of) {
    return of == MemoryClass::full ? full : of == MemoryClass::window ? window : state;
  }
  int32_t operator[](MemoryClass of) const {
    return of == MemoryClass::full ? full : of == MemoryClass::window ? window : state;
  }
  // No class has more than `room` has.
  bool fit(const MemoryCounts& room) const { return full <= room.full && window <= room.window && state <= room.state; }
  MemoryCounts& operator+=(const MemoryCounts& other) {
    for (const MemoryClass of : memory_classes) (*this)[of] += other[of];
    return *this;
  }
};

inline MemoryCounts operator+(MemoryCounts a, const MemoryCounts& b) { return a += b; }

}  // namespace quire
