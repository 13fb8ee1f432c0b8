// Arithmetic and loads on raw bytes that cannot overflow or fault. Stateless; any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>

namespace quire {

static_assert(std::endian::native == std::endian::little,
              "quire reads GGUF and writes KV in place: little-endian only");

// A little-endian T at `bytes`, which need not be aligned.
template <typename T>
T load_value(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

template <typename T>
void store_value(std::byte* bytes, T value) {
  std::memcpy(bytes, &value, sizeof(T));
}

// a * b, or nothing when it does not fit in 64 bits.
inline std::optional<uint64_t> checked_mul(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

inline std::optional<uint64_t> checked_add(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

// The smallest multiple of `unit` that is not below `value`. REQUIRES: unit > 0 and no overflow.
template <typename T>
constexpr T round_up(T value, T unit) {
  return (value + unit - 1) / unit * unit;
}

template <typename T>
constexpr T ceil_div(T value, T unit) {
  return (value + unit - 1) / unit;
}

}  // namespace quire
