// What quantizing a group needs.
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/constants.h"

namespace quire::scalar {

inline constexpr uint32_t infinity_bits = 0x7F800000U;

// The largest magnitude of n values as bits: magnitudes of floats order as integers, NaN above all.
inline uint32_t max_magnitude(const float* x, int64_t n) {
  uint32_t max_bits = 0;
  for (int64_t k = 0; k < n; ++k) {
    const uint32_t bits = std::bit_cast<uint32_t>(x[k]) & 0x7FFFFFFFU;
    max_bits = bits > max_bits ? bits : max_bits;
  }
  return max_bits;
}

// |value| < 2^22, to nearest even.
inline int32_t round_to_int(float value) {
  return static_cast<int32_t>(std::bit_cast<uint32_t>(value + exp_magic) - std::bit_cast<uint32_t>(exp_magic));
}

}  // namespace quire::scalar
