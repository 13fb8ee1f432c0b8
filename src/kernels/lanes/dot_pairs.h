// Exact sums of products of bytes without VNNI.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/lanes/unpack.h"
#include "kernels/quantized_rows.h"

namespace quire {
namespace {

// Pairs that int16 holds, of weights of so many bits: a pair is at most (2^bits - 1) * 127 * 2.
constexpr int pairs_in_int16(int value_bits) { return 32767 / (((1 << value_bits) - 1) * 127 * 2); }

// multiply_bytes adds pairs into int16 with saturation, so sums are widened before they could reach it: after eight
// quads of 4 bits or less, four of 5, two of 6, one of 7. 8 bits: DotSigned.
struct DotPairs {
  static constexpr int rows = matmul_tile_rows;
  static constexpr int panels = 1;
  static constexpr bool adds_to_sums = false;
  static constexpr bool scales_pairs = true;
  static constexpr int64_t unsigned_bits = 8;

  // sums[r] += quads [begin, end) times the quants of row r. Rows are the inner loop: a quad is made once for all of
  // them, and only their running pairs have to stay in registers.
  template <packed::Quants quants, int begin, int end, int rows>
  static QUIRE_LEAF_INLINE void add_quads(const Group (&groups)[1], const int8_t* x, Words (&sums)[1][rows]) {
    add_runs<quants, begin, end>(groups[0].quads, x, broadcast_word(0x00010001), sums[0]);
  }

  // sums[r] = the group's products times its sub-scales, without the offset. Sums of pairs have 15 bits and a sign, so
  // what widens them can multiply by more than ones; the offset's share is offset * (first * sub_scales[0] + last *
  // sub_scales[1]) of the row's sums.
  template <class Weights, int rows>
  static QUIRE_LEAF_INLINE void add_scaled_quads(const Group& group, const int8_t* x, const GroupTerms* terms,
                                                 Words (&sums)[rows]) {
    constexpr packed::Quants quants = Weights::quants;
    static_assert(offsetof(GroupTerms, minus_sum) == offsetof(GroupTerms, minus_first) + sizeof(int32_t));
    Words first = load_i8_twice(group.sub_scale_bytes);
    Words last = load_i8_twice(group.sub_scale_bytes + packed::lanes);
    if constexpr (Weights::has_sub_minima) {  // which are the high nibbles
      first = bit_and(first, broadcast_word(0x000F000F));
      last = bit_and(last, broadcast_word(0x000F000F));
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) sums[r] = zero_words();
    if constexpr (quants.offset > 0) {
      const Words of_terms =
          left16(merge(bit_and(last, broadcast_word(-0x10000)), subtract16(first, last), broadcast_word(0xFFFF)),
                 __builtin_ctz(quants.offset));
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) sums[r] = multiply_pairs(broadcast_narrowed(&terms[r].minus_first), of_terms);
    }
    add_runs<quants, 0, 4>(group.quads, x, first, sums);
    add_runs<quants, 4, 8>(group.quads, x, last, sums);
  }

 private:
  // sums[r] += pairs of quads [begin, end), widened by two factors in int16.
  template <packed::Quants quants, int begin, int end, int rows>
  static QUIRE_LEAF_INLINE void add_runs(const uint8_t* at, const int8_t* x, Words factors, Words (&sums)[rows]) {
    constexpr int run = pairs_in_int16(quants.value_bits);
    constexpr int run_end = begin + run < end ? begin + run : end;
    Words pairs[rows];
    const Words first = load_quad<quants>(at, begin);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) pairs[r] = multiply_bytes(first, broadcast_at(x + r * quant_group + 4 * begin));
#pragma GCC unroll 8
    for (int q = begin + 1; q < run_end; ++q) {
      const Words quad = load_quad<quants>(at, q);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        pairs[r] = add16(pairs[r], multiply_bytes(quad, broadcast_at(x + r * quant_group + 4 * q)));
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) sums[r] = add32(sums[r], multiply_pairs(pairs[r], factors));
    if constexpr (run_end < end) add_runs<quants, run_end, end>(at, x, factors, sums);
  }
};

}  // namespace
}  // namespace quire
