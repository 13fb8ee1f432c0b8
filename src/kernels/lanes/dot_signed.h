// Exact sums of products of weights of 8 bits without VNNI.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include <cstdint>

#include "kernels/lanes/unpack.h"
#include "kernels/quantized_rows.h"

namespace quire {
namespace {

// A row's 32 quants x as magnitudes, and what weights are flipped with for their signs: -w is ~w + 1, so the sum of
// w * x is that of (x < 0 ? ~w : w) * |x|, and the magnitudes of what is negative.
struct Magnitudes {
  alignas(32) uint8_t values[quant_group];
  alignas(32) uint8_t flips[quant_group];  // what also takes an offset of 128 off a weight
  alignas(32) int64_t negative[4];         // sums of the magnitudes of what is negative, to be added up
};

// A row's group is one register of AVX2, which AVX-512 has too.
QUIRE_LEAF_INLINE void split_signs(const int8_t* x, Magnitudes& to) {
  const __m256i quants = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  const __m256i values = _mm256_abs_epi8(quants);
  const __m256i is_negative = _mm256_cmpgt_epi8(_mm256_setzero_si256(), quants);
  const __m256i negative = _mm256_sad_epu8(_mm256_and_si256(values, is_negative), _mm256_setzero_si256());
  _mm256_store_si256(reinterpret_cast<__m256i*>(to.values), values);
  _mm256_store_si256(reinterpret_cast<__m256i*>(to.flips), _mm256_xor_si256(is_negative, _mm256_set1_epi8(-128)));
  _mm256_store_si256(reinterpret_cast<__m256i*>(to.negative), negative);
}

// A pair of weights with signs, times magnitudes, is at most 2 * 128 * 127 = 32,512: multiply_bytes does not saturate,
// but each product is widened by itself.
struct DotSigned {
  static constexpr int rows = 4;
  static constexpr int panels = 2;  // for which signs are split once; their quads are operands in memory
  static constexpr bool adds_to_sums = true;
  static constexpr bool scales_pairs = false;
  static constexpr int64_t unsigned_bits = 7;  // those of 8 are signed here

  template <packed::Quants quants, int begin, int end, int panels, int rows>
  static QUIRE_LEAF_INLINE void add_quads(const Group (&groups)[panels], const int8_t* x, Words (&sums)[panels][rows]) {
    static_assert(quants.value_bits == 8 && begin == 0 && end == 8);
    Magnitudes of_rows[rows];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) split_signs(x + r * quant_group, of_rows[r]);
    // They are loaded from memory, each to all lanes: gcc would take them apart in registers.
    asm volatile("" : : : "memory");
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) {
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        const Words flips = broadcast_at(of_rows[r].flips + 4 * q);
        const Words values = broadcast_at(of_rows[r].values + 4 * q);
#pragma GCC unroll 2
        for (int p = 0; p < panels; ++p) {
          const Words pairs = multiply_bytes(values, bit_xor(load_quad<quants>(groups[p].quads, q), flips));
          sums[p][r] = add32(sums[p][r], multiply_pairs(pairs, broadcast_word(0x00010001)));
        }
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const int64_t(&parts)[4] = of_rows[r].negative;
      const Words negative = broadcast_word(static_cast<int32_t>(parts[0] + parts[1] + parts[2] + parts[3]));
#pragma GCC unroll 2
      for (int p = 0; p < panels; ++p) sums[p][r] = add32(sums[p][r], negative);
    }
  }
};

}  // namespace
}  // namespace quire
