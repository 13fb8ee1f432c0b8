// Exact sums of products of bytes without VNNI.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include <cstdint>

namespace quire {
namespace {

// multiply_bytes adds pairs into int16 with saturation, so sums are widened before they could reach it: a pair of
// b-bit weights is at most (2^b - 1) * 127 * 2, of which 2^15 holds eight for 4 bits, four for 5, two for 6.
// Weights of 8 bits are multiplied as two of 4.
struct DotPairs {
  template <int64_t bits, int begin, int end>
  static QUIRE_LEAF_INLINE Words sum_quads(const Words (&quads)[8], const int8_t* x, Words sum) {
    if constexpr (bits == 8) {
      const Words mask = broadcast_byte(15);
      Words low[8];
      Words high[8];
#pragma GCC unroll 8
      for (int j = 0; j < 8; ++j) {
        low[j] = bit_and(quads[j], mask);
        high[j] = bit_and(right16<4>(quads[j]), mask);
      }
      const Words high_sum = sum_quads<4, begin, end>(high, x, zero_words());
      return sum_quads<4, begin, end>(low, x, add32(sum, left32<4>(high_sum)));
    } else {
      constexpr int run = bits == 4 ? 8 : bits == 5 ? 4 : 2;
      constexpr int run_end = begin + run < end ? begin + run : end;
      Words pairs = multiply_bytes(quads[begin], broadcast_at(x + 4 * begin));
      for (int j = begin + 1; j < run_end; ++j) {
        pairs = add16(pairs, multiply_bytes(quads[j], broadcast_at(x + 4 * j)));
      }
      sum = add32(sum, multiply_pairs(pairs, broadcast_word(0x00010001)));
      if constexpr (run_end < end) return sum_quads<bits, run_end, end>(quads, x, sum);
      return sum;
    }
  }
  // factors (pairs of int16) times the two half sums, added.
  static QUIRE_LEAF_INLINE Words scale_halves(Words factors, const int16_t* half_sums) {
    return multiply_pairs(factors, broadcast_at(half_sums));
  }
};

}  // namespace
}  // namespace quire
