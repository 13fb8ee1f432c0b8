// The largest magnitude of a group that is quantized, in lanes.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include <cstdint>

namespace quire {
namespace {

constexpr int32_t infinity_bits = 0x7F800000;

QUIRE_LEAF_INLINE float float_of_bits(int32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof(value));
  return value;
}

// As bits: magnitudes of floats order as integers, NaN above all.
QUIRE_LEAF_INLINE int32_t max_magnitude(Floats a, Floats b) {
  const Words magnitude = broadcast_word(0x7FFFFFFF);
  return max_word(max_words(bit_and(as_words(a), magnitude), bit_and(as_words(b), magnitude)));
}

}  // namespace
}  // namespace quire
