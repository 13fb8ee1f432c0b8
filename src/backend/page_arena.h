// Memory for many arrays that live and go together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "backend/page_memory.h"
#include "base/result.h"

namespace quire {

// Hands out zeroed pieces one after another, so that arrays which are read in the order of their making are one stream
// and share huge pages: a mapping for each would leave its ends, and small arrays whole, in small pages.
// One thread. Invariant: pieces are aligned to 64 bytes, do not overlap, and live as long as the arena.
class PageArena {
 public:
  explicit PageArena(const char* purpose) : purpose_(purpose) {}

  // An error names the purpose and the size. Zero bytes are null.
  Result<std::byte*> take(uint64_t size_bytes);
  // Of all pieces.
  uint64_t size_bytes() const { return taken_bytes_; }

 private:
  const char* purpose_;
  std::vector<PageMemory> chunks_;
  uint64_t used_bytes_ = 0;  // of the last chunk
  uint64_t taken_bytes_ = 0;
};

}  // namespace quire
