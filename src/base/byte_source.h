// Bytes that are read where they are needed: those of a file, or of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/result.h"

namespace quire {

// Any thread may read, several at once.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // As it was when the source was opened.
  virtual uint64_t size_bytes() const = 0;
  // Fills `to` with the bytes from `offset` on. An error when the system cannot read them or they are not there any
  // more. REQUIRES: they were there when the source was opened.
  virtual Result<void> read(uint64_t offset, std::span<std::byte> to) const = 0;
  // Advice: these bytes will be read soon.
  virtual void read_soon(uint64_t offset, uint64_t count) const = 0;
  // An error when the source is not what it was when it was opened. What was read before a call that finds nothing was
  // read from the source as it was.
  virtual Result<void> check_unchanged() const = 0;
};

// Borrows the bytes for its life; they do not change.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint64_t size_bytes() const override { return bytes_.size(); }
  Result<void> read(uint64_t offset, std::span<std::byte> to) const override {
    if (!to.empty()) std::memcpy(to.data(), bytes_.data() + offset, to.size());
    return {};
  }
  void read_soon(uint64_t, uint64_t) const override {}
  Result<void> check_unchanged() const override { return {}; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace quire
