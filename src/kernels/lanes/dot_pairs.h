// Exact sums of products of bytes without VNNI.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include <cstdint>

#include "kernels/lanes/unpack.h"

namespace quire {
namespace {

// multiply_bytes adds pairs into int16 with saturation, so sums are widened before they could reach it: a pair of
// b-bit weights is at most (2^b - 1) * 127 * 2, of which 2^15 holds eight for 4 bits, four for 5, two for 6.
// 8 bits: DotSigned.
struct DotPairs {
  static constexpr int rows = matmul_tile_rows;
  static constexpr int panels = 1;
  static constexpr bool adds_to_sums = false;
  static constexpr bool has_signed_weights = false;

  // sums[r] += quads [begin, end) times the quants of row r. Rows are the inner loop: a quad is made once for all of
  // them, and only their running pairs have to stay in registers.
  template <int64_t bits, int begin, int end, int rows>
  static QUIRE_LEAF_INLINE void add_quads(const Group (&groups)[1], const int8_t* x, Words (&sums)[1][rows]) {
    add_runs<bits, begin, end>(groups[0].quads, x, sums[0]);
  }

 private:
  template <int64_t bits, int begin, int end, int rows>
  static QUIRE_LEAF_INLINE void add_runs(const uint8_t* at, const int8_t* x, Words (&sums)[rows]) {
    constexpr int run = bits == 4 ? 8 : bits == 5 ? 4 : 2;
    constexpr int run_end = begin + run < end ? begin + run : end;
    Words pairs[rows];
    const Words first = load_quad<bits>(at, begin);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) pairs[r] = multiply_bytes(first, broadcast_at(x + r * quant_group + 4 * begin));
#pragma GCC unroll 8
    for (int q = begin + 1; q < run_end; ++q) {
      const Words quad = load_quad<bits>(at, q);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        pairs[r] = add16(pairs[r], multiply_bytes(quad, broadcast_at(x + r * quant_group + 4 * q)));
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      sums[r] = add32(sums[r], multiply_pairs(pairs[r], broadcast_word(0x00010001)));
    }
    if constexpr (run_end < end) add_runs<bits, run_end, end>(at, x, sums);
  }
};

}  // namespace
}  // namespace quire
