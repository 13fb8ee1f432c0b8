// Zeroed memory straight from the system, for what is large and lives long: weights, KV blocks, activations.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"

namespace quire {

// Owns one mapping. Pages cost nothing until they are first written. Movable; the owner decides about threads.
// Invariant: the memory is zero when it is new, and aligned to 64 bytes (in fact to a page).
class PageMemory {
 public:
  enum class Pages : uint8_t {
    huge,   // asks for 2 MiB pages: read from end to end, so fewer misses in the address cache
    small,  // touched piece by piece over a long time: residence stays in proportion to what is used
  };

  // An error names `purpose` and the size. Zero bytes are an empty memory.
  static Result<PageMemory> allocate(uint64_t size_bytes, Pages pages, const char* purpose);
  PageMemory() = default;
  PageMemory(PageMemory&& other) noexcept;
  PageMemory& operator=(PageMemory&& other) noexcept;
  ~PageMemory();

  // Gives the whole pages of [offset, offset + size) back to the system; they are zero when they are used again.
  // REQUIRES: the range lies in the memory.
  void give_back(uint64_t offset, uint64_t size_bytes);

  std::byte* bytes() const { return bytes_; }
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  PageMemory(std::byte* bytes, uint64_t size_bytes) : bytes_(bytes), size_bytes_(size_bytes) {}
  std::byte* bytes_ = nullptr;
  uint64_t size_bytes_ = 0;
};

}  // namespace quire
