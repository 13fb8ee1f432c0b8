// SHA-256 (FIPS 180-4): how models are named by content.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace quire::store {

// One message, given in pieces. One thread.
class Sha256 {
 public:
  void update(std::span<const std::byte> bytes);
  // The digest of everything given, as 64 lower-case hexadecimal digits. Last call on this object.
  std::string finish_hex();

 private:
  void compress(const std::byte* block);

  static constexpr size_t block_bytes = 64;
  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, block_bytes> pending_{};
  size_t pending_bytes_ = 0;
  uint64_t total_bytes_ = 0;
};

}  // namespace quire::store
