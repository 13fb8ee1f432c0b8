// What quantizing a group needs.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

#include "kernels/constants.h"
#include "kernels/quantized_rows.h"
#include "kernels/scalar/half.h"

namespace quire::scalar {

inline constexpr uint32_t infinity_bits = 0x7F800000U;

// Magnitudes of floats order as integers, NaN above all.
inline uint32_t magnitude_bits(float x) { return std::bit_cast<uint32_t>(x) & 0x7FFFFFFFU; }

// The largest magnitude of n values as bits.
inline uint32_t max_magnitude(const float* x, int64_t n) {
  uint32_t max_bits = 0;
  for (int64_t k = 0; k < n; ++k) max_bits = std::max(max_bits, magnitude_bits(x[k]));
  return max_bits;
}

// |value| < 2^22, to nearest even.
inline int32_t round_to_int(float value) {
  return static_cast<int32_t>(std::bit_cast<uint32_t>(value + exp_magic) - std::bit_cast<uint32_t>(exp_magic));
}

// Of a group of activations: value = scale * quant, quant = value * inverse rounded. Where inverse is 0 quants are 0.
struct GroupScale {
  float scale;
  float inverse;
};

inline GroupScale group_scale(uint32_t max_bits) {
  if (max_bits >= infinity_bits) return {.scale = std::numeric_limits<float>::quiet_NaN(), .inverse = 0.0F};
  const float max = std::bit_cast<float>(max_bits);
  if (max < quant_floor) return {.scale = 0.0F, .inverse = 0.0F};
  return {.scale = max / 127.0F, .inverse = 127.0F / max};
}

inline int32_t group_quant(float x, float inverse) { return inverse == 0.0F ? 0 : round_to_int(x * inverse); }

// first, second: the sums of the quants of each half of the group.
inline GroupTerms group_terms(float scale, int32_t first, int32_t second) {
  const int32_t sum = first + second;
  return {.scale = scale, .minus_first = -first, .minus_sum = -sum, .scaled_sum = scale * static_cast<float>(sum)};
}

// The same of keys and values in q8_0, whose scale is an f16.
struct KvScale {
  uint16_t scale;
  float inverse;
};

inline KvScale kv_scale(uint32_t max_bits) {
  constexpr uint16_t f16_infinity = 0x7C00;
  constexpr uint16_t f16_nan = 0x7E00;
  const uint16_t scale = f16_of_f32(std::bit_cast<float>(max_bits) / 127.0F);
  if (scale >= f16_infinity) return {.scale = f16_nan, .inverse = 0.0F};
  return {.scale = scale, .inverse = scale == 0 ? 0.0F : 1.0F / f32_of_f16(scale)};
}

inline int32_t kv_quant(float x, float inverse) {
  return inverse == 0.0F ? 0 : round_to_int(std::clamp(x * inverse, -127.0F, 127.0F));
}

}  // namespace quire::scalar
