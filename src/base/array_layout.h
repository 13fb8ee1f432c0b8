// Places arrays one after another in one piece of memory.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace quire {

// Each at a multiple of 64 bytes. Run once without memory for the size, then with it.
class ArrayLayout {
 public:
  // Where an array of so many bytes begins.
  uint64_t place(uint64_t size_bytes) {
    const uint64_t offset = size_bytes_;
    size_bytes_ += round_up<uint64_t>(size_bytes, 64);
    return offset;
  }
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  uint64_t size_bytes_ = 0;
};

}  // namespace quire
