// Groups of a panel, from the packed layout to a vector of 16 outputs' bytes for each 4 inputs.
// For leaf files that are compiled for AVX-512: everything has internal linkage.
#pragma once

#include <immintrin.h>

#include "kernels/packed_layout.h"

#define QUIRE_LEAF_INLINE inline __attribute__((always_inline))

namespace quire {
namespace {

// 32 inputs of 16 outputs. quads[j] holds inputs 4 j ... 4 j + 3 of each output, unsigned; the value of a weight is
// scale * (quad - Weights::offset) + minimum, Q6_K: scale * sub_scale * (quad - offset).
struct Group {
  __m512i quads[8];
  __m512 scale;
  __m512 minimum;
  __m512 sub_scales[2];  // of the first and the last 16 inputs
};

// What a step says once for all its groups.
struct Head {
  __m512 scale;
  __m512 minimum;
};

QUIRE_LEAF_INLINE __m512 load_f16(const uint8_t* at) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
}

QUIRE_LEAF_INLINE __m512 load_u8(const uint8_t* at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
}

QUIRE_LEAF_INLINE __m512 load_i8(const uint8_t* at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
}

QUIRE_LEAF_INLINE void unpack_low(const uint8_t* at, __m512i (&quads)[8]) {
  const __m512i mask = _mm512_set1_epi8(15);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const __m512i line = _mm512_loadu_si512(at + 64 * j);
    quads[j] = _mm512_and_si512(line, mask);
    quads[j + 4] = _mm512_and_si512(_mm512_srli_epi16(line, 4), mask);
  }
}

// quad | (bits & mask)
QUIRE_LEAF_INLINE __m512i merge(__m512i quad, __m512i bits, __m512i mask) {
  return _mm512_ternarylogic_epi32(quad, bits, mask, 0xF8);
}

QUIRE_LEAF_INLINE void unpack_fifth(const uint8_t* at, __m512i (&quads)[8]) {
  const __m512i mask = _mm512_set1_epi8(16);
  const __m512i bits = _mm512_loadu_si512(at);
  quads[0] = merge(quads[0], _mm512_slli_epi16(bits, 4), mask);
  quads[1] = merge(quads[1], _mm512_slli_epi16(bits, 3), mask);
  quads[2] = merge(quads[2], _mm512_slli_epi16(bits, 2), mask);
  quads[3] = merge(quads[3], _mm512_slli_epi16(bits, 1), mask);
  quads[4] = merge(quads[4], bits, mask);
  quads[5] = merge(quads[5], _mm512_srli_epi16(bits, 1), mask);
  quads[6] = merge(quads[6], _mm512_srli_epi16(bits, 2), mask);
  quads[7] = merge(quads[7], _mm512_srli_epi16(bits, 3), mask);
}

QUIRE_LEAF_INLINE void unpack_sixth(const uint8_t* at, __m512i (&quads)[8]) {
  const __m512i mask = _mm512_set1_epi8(48);
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    const __m512i bits = _mm512_loadu_si512(at + 64 * half);
    __m512i* first = quads + 4 * half;
    first[0] = merge(first[0], _mm512_slli_epi16(bits, 4), mask);
    first[1] = merge(first[1], _mm512_slli_epi16(bits, 2), mask);
    first[2] = merge(first[2], bits, mask);
    first[3] = merge(first[3], _mm512_srli_epi16(bits, 2), mask);
  }
}

// Q4_0, Q5_0, Q8_0: two groups a step, a scale each.
template <int64_t quant_bits, int weight_offset>
struct PairWeights {
  static constexpr int64_t bits = quant_bits;
  static constexpr int offset = weight_offset;
  static constexpr bool has_minimum = false;
  static constexpr bool has_sub_scales = false;
  static constexpr int64_t step_groups = 2;
  static constexpr int64_t group_bytes = 64 * bits;
  static constexpr int64_t step_bytes = 2 * (packed::scales_bytes + group_bytes);

  static QUIRE_LEAF_INLINE Head load_head(const uint8_t*) { return {_mm512_setzero_ps(), _mm512_setzero_ps()}; }
  static QUIRE_LEAF_INLINE void load_group(const uint8_t* step, const Head&, int64_t i, Group& group) {
    const uint8_t* at = step + 64 + i * group_bytes;
    group.scale = load_f16(step + i * packed::scales_bytes);
    if constexpr (bits == 8) {
#pragma GCC unroll 8
      for (int j = 0; j < 8; ++j) group.quads[j] = _mm512_loadu_si512(at + 64 * j);
    } else {
      unpack_low(at, group.quads);
      if constexpr (bits == 5) unpack_fifth(at + packed::low_bytes, group.quads);
    }
  }
};

// Q4_1, Q5_1: a group a step, with scale and minimum.
template <int64_t quant_bits>
struct MinimumWeights {
  static constexpr int64_t bits = quant_bits;
  static constexpr int offset = 0;
  static constexpr bool has_minimum = true;
  static constexpr bool has_sub_scales = false;
  static constexpr int64_t step_groups = 1;
  static constexpr int64_t step_bytes = 2 * packed::scales_bytes + 64 * bits;

  static QUIRE_LEAF_INLINE Head load_head(const uint8_t*) { return {_mm512_setzero_ps(), _mm512_setzero_ps()}; }
  static QUIRE_LEAF_INLINE void load_group(const uint8_t* step, const Head&, int64_t, Group& group) {
    group.scale = load_f16(step);
    group.minimum = load_f16(step + packed::scales_bytes);
    unpack_low(step + 64, group.quads);
    if constexpr (bits == 5) unpack_fifth(step + 64 + packed::low_bytes, group.quads);
  }
};

// Q4_K, Q5_K: eight groups a step, whose scales and minima are multiples of the step's.
template <int64_t quant_bits>
struct SuperWeights {
  static constexpr int64_t bits = quant_bits;
  static constexpr int offset = 0;
  static constexpr bool has_minimum = true;
  static constexpr bool has_sub_scales = false;
  static constexpr int64_t step_groups = packed::k_groups;
  static constexpr int64_t step_bytes = packed::k_quants_offset + packed::k_groups * 64 * bits;

  static QUIRE_LEAF_INLINE Head load_head(const uint8_t* step) {
    const __m512 minimum = load_f16(step + packed::scales_bytes);
    return {load_f16(step), _mm512_xor_ps(minimum, _mm512_set1_ps(-0.0F))};
  }
  static QUIRE_LEAF_INLINE void load_group(const uint8_t* step, const Head& head, int64_t i, Group& group) {
    const uint8_t* at = step + packed::k_quants_offset + i * 64 * bits;
    const uint8_t* scales = step + packed::k_head_bytes + i * packed::lanes;
    group.scale = _mm512_mul_ps(head.scale, load_u8(scales));
    group.minimum = _mm512_mul_ps(head.minimum, load_u8(scales + packed::k_groups * packed::lanes));
    unpack_low(at, group.quads);
    if constexpr (bits == 5) unpack_fifth(at + packed::low_bytes, group.quads);
  }
};

// Q6_K: eight groups a step; a signed scale for each 16 inputs.
struct HalfScaledWeights {
  static constexpr int64_t bits = 6;
  static constexpr int offset = 32;
  static constexpr bool has_minimum = false;
  static constexpr bool has_sub_scales = true;
  static constexpr int64_t step_groups = packed::k_groups;
  static constexpr int64_t step_bytes = packed::k_quants_offset + packed::k_groups * 64 * bits;

  static QUIRE_LEAF_INLINE Head load_head(const uint8_t* step) { return {load_f16(step), _mm512_setzero_ps()}; }
  static QUIRE_LEAF_INLINE void load_group(const uint8_t* step, const Head& head, int64_t i, Group& group) {
    const uint8_t* at = step + packed::k_quants_offset + i * 64 * bits;
    const uint8_t* scales = step + packed::k_head_bytes + i * 2 * packed::lanes;
    group.scale = head.scale;
    group.sub_scales[0] = load_i8(scales);
    group.sub_scales[1] = load_i8(scales + packed::lanes);
    unpack_low(at, group.quads);
    unpack_sixth(at + packed::low_bytes, group.quads);
  }
};

}  // namespace
}  // namespace quire
