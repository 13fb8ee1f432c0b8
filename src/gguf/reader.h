// A cursor over the bytes of a GGUF file that cannot leave them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace quire::gguf {

// Borrows the bytes. Every read is checked against what remains; an error names `what` was being read.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint64_t offset() const { return offset_; }
  uint64_t remaining() const { return bytes_.size() - offset_; }

  template <typename T>
  Result<T> number(std::string_view what) {
    QUIRE_TRY(const std::span<const std::byte> bytes, take(sizeof(T), what));
    return load<T>(bytes.data());
  }
  // Bytes of a string whose length (64 bits) comes first. Valid as long as the file's bytes.
  Result<std::string_view> string(uint64_t length_max, std::string_view what);
  Result<std::span<const std::byte>> take(uint64_t count, std::string_view what);

 private:
  std::span<const std::byte> bytes_;
  uint64_t offset_ = 0;  // <= bytes_.size()
};

}  // namespace quire::gguf
