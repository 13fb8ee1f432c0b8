// A cursor over the bytes of a GGUF file that cannot leave them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/bytes.h"
#include "base/result.h"

namespace quire::gguf {

// Borrows the source, and reads it in windows from the beginning on: what lies behind the cursor's last window is not
// touched. Every read is checked against what remains; an error names `what` was being read. One thread.
class Reader {
 public:
  explicit Reader(const ByteSource& source);

  uint64_t offset() const { return offset_; }
  uint64_t remaining() const { return source_.size_bytes() - offset_; }

  template <typename T>
  Result<T> number(std::string_view what) {
    QUIRE_TRY(const std::byte* const bytes, take_small(sizeof(T), what));
    return load_value<T>(bytes);
  }
  // A string whose length (64 bits) comes first.
  Result<std::string> string(uint64_t length_max, std::string_view what);
  // The next bytes.
  Result<void> fill(std::span<std::byte> to, std::string_view what);

 private:
  Result<void> check_remaining(uint64_t count, std::string_view what) const;
  // The next `count` bytes, valid until the next call. REQUIRES: no more than a window.
  Result<const std::byte*> take_small(size_t count, std::string_view what);
  // What the window has of the bytes from the cursor on.
  size_t buffered() const { return window_end_ - window_at_; }

  const ByteSource& source_;
  uint64_t offset_ = 0;            // of the cursor; at most the source's size
  std::vector<std::byte> window_;  // bytes of the source
  size_t window_at_ = 0;           // where in the window the cursor is
  size_t window_end_ = 0;          // where the window's bytes end; the bytes up to there are the source's
};

}  // namespace quire::gguf
