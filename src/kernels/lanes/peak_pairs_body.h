// Multiply-adds of bytes without VNNI, for kernels/peaks.h.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include <cstdint>

#include "kernels/lanes/peak_body.h"

namespace quire {
namespace {

// Pairs of products in int16.
template <int chains>
QUIRE_LEAF_INLINE int64_t multiply_add_pairs(int64_t rounds) {
  return multiply_add_bytes<chains>(
      rounds, [](Words sum, Words factor) { return add16(sum, multiply_bytes(factor, factor)); },
      [](Words sum) { return sum_words(multiply_pairs(sum, broadcast_word(0x00010001))); });
}

}  // namespace
}  // namespace quire
