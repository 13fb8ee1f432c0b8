// Groups of a panel, from the packed layout to a vector of 16 outputs' bytes for each 4 inputs.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/packed_layout.h"

namespace quire {
namespace {

// 32 inputs of 16 outputs. quads[j] holds inputs 4 j ... 4 j + 3 of each output, unsigned; the value of a weight is
// scale * (quad - Weights::offset) + minimum, Q6_K: scale * sub_scale * (quad - offset).
struct Group {
  Words quads[8];
  Floats scale;
  Floats minimum;
  Floats sub_scales[2];  // of the first and the last 16 inputs
};

// What a step says once for all its groups.
struct Head {
  Floats scale;
  Floats minimum;
};

QUIRE_LEAF_INLINE void unpack_low(const uint8_t* at, Words (&quads)[8]) {
  const Words mask = broadcast_byte(15);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const Words line = load_words(at + 64 * j);
    quads[j] = bit_and(line, mask);
    quads[j + 4] = bit_and(right16<4>(line), mask);
  }
}

QUIRE_LEAF_INLINE void unpack_fifth(const uint8_t* at, Words (&quads)[8]) {
  const Words mask = broadcast_byte(16);
  const Words bits = load_words(at);
  quads[0] = merge(quads[0], left16<4>(bits), mask);
  quads[1] = merge(quads[1], left16<3>(bits), mask);
  quads[2] = merge(quads[2], left16<2>(bits), mask);
  quads[3] = merge(quads[3], left16<1>(bits), mask);
  quads[4] = merge(quads[4], bits, mask);
  quads[5] = merge(quads[5], right16<1>(bits), mask);
  quads[6] = merge(quads[6], right16<2>(bits), mask);
  quads[7] = merge(quads[7], right16<3>(bits), mask);
}

QUIRE_LEAF_INLINE void unpack_sixth(const uint8_t* at, Words (&quads)[8]) {
  const Words mask = broadcast_byte(48);
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    const Words bits = load_words(at + 64 * half);
    Words* first = quads + 4 * half;
    first[0] = merge(first[0], left16<4>(bits), mask);
    first[1] = merge(first[1], left16<2>(bits), mask);
    first[2] = merge(first[2], bits, mask);
    first[3] = merge(first[3], right16<2>(bits), mask);
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

  static QUIRE_LEAF_INLINE Head load_head(const uint8_t*) { return {zeros(), zeros()}; }
  static QUIRE_LEAF_INLINE void load_group(const uint8_t* step, const Head&, int64_t i, Group& group) {
    const uint8_t* at = step + 64 + i * group_bytes;
    group.scale = load_f16(step + i * packed::scales_bytes);
    if constexpr (bits == 8) {
#pragma GCC unroll 8
      for (int j = 0; j < 8; ++j) group.quads[j] = load_words(at + 64 * j);
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

  static QUIRE_LEAF_INLINE Head load_head(const uint8_t*) { return {zeros(), zeros()}; }
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
    const Floats minimum = load_f16(step + packed::scales_bytes);
    return {load_f16(step), negate(minimum)};
  }
  static QUIRE_LEAF_INLINE void load_group(const uint8_t* step, const Head& head, int64_t i, Group& group) {
    const uint8_t* at = step + packed::k_quants_offset + i * 64 * bits;
    const uint8_t* scales = step + packed::k_head_bytes + i * packed::lanes;
    group.scale = multiply(head.scale, load_u8(scales));
    group.minimum = multiply(head.minimum, load_u8(scales + packed::k_groups * packed::lanes));
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

  static QUIRE_LEAF_INLINE Head load_head(const uint8_t* step) { return {load_f16(step), zeros()}; }
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
