// Groups of a panel, from the packed layout to a vector of 16 outputs' bytes for each 4 inputs.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/packed_layout.h"

namespace quire {
namespace {

// 32 inputs of 16 outputs. Weights::quad(quads, q) holds inputs 4 q ... 4 q + 3 of each output, unsigned; the value of
// a weight is scale * (quad - 2^offset_bits) + minimum (offset_bits 0: no offset), Q6_K: scale * sub_scale * (quad -
// 32).
struct Group {
  const uint8_t* quads;
  Floats scale;
  Floats minimum;
  Floats sub_scales[2];            // of the first and the last 16 inputs
  const uint8_t* sub_scale_bytes;  // the same: int8 (2, 16)
};

// What a step says once for all its groups.
struct Head {
  Floats scale;
  Floats minimum;
};

// Quad q (a constant once loops are unrolled) of a group with `bits` a weight. Quads are made where they are used: all
// eight of a group at once would be more than AVX2 has registers for.
template <int64_t bits>
QUIRE_LEAF_INLINE Words load_quad(const uint8_t* at, int q) {
  if constexpr (bits == 8) return load_words(at + 64 * q);
  const Words line = load_words(at + 64 * (q % 4));
  const Words low = q < 4 ? bit_and(line, broadcast_byte(15)) : high_nibbles(line);
  if constexpr (bits == 5) {
    const Words fifth = load_words(at + packed::low_bytes);
    return merge(low, q < 4 ? left16(fifth, 4 - q) : right16(fifth, q - 4), broadcast_byte(16));
  }
  if constexpr (bits == 6) {
    const Words sixth = load_words(at + packed::low_bytes + 64 * (q / 4));
    const int pair = 2 * (q % 4);
    return merge(low, pair < 4 ? left16(sixth, 4 - pair) : right16(sixth, pair - 4), broadcast_byte(48));
  }
  return low;
}

// Q4_0, Q5_0, Q8_0: two groups a step, a scale each.
template <int64_t quant_bits, int weight_offset_bits>
struct PairWeights {
  static constexpr int64_t bits = quant_bits;
  static constexpr int offset_bits = weight_offset_bits;
  static constexpr bool has_minimum = false;
  static constexpr bool has_sub_scales = false;
  static constexpr int64_t step_groups = 2;
  static constexpr int64_t group_bytes = 64 * bits;
  static constexpr int64_t step_bytes = 2 * (packed::scales_bytes + group_bytes);

  static QUIRE_LEAF_INLINE Head load_head(const uint8_t*) { return {zeros(), zeros()}; }
  static QUIRE_LEAF_INLINE void load_group(const uint8_t* step, const Head&, int64_t i, Group& group) {
    group.quads = step + 64 + i * group_bytes;
    group.scale = load_f16(step + i * packed::scales_bytes);
  }
};

// Q4_1, Q5_1: a group a step, with scale and minimum.
template <int64_t quant_bits>
struct MinimumWeights {
  static constexpr int64_t bits = quant_bits;
  static constexpr int offset_bits = 0;
  static constexpr bool has_minimum = true;
  static constexpr bool has_sub_scales = false;
  static constexpr int64_t step_groups = 1;
  static constexpr int64_t step_bytes = 2 * packed::scales_bytes + 64 * bits;

  static QUIRE_LEAF_INLINE Head load_head(const uint8_t*) { return {zeros(), zeros()}; }
  static QUIRE_LEAF_INLINE void load_group(const uint8_t* step, const Head&, int64_t, Group& group) {
    group.scale = load_f16(step);
    group.minimum = load_f16(step + packed::scales_bytes);
    group.quads = step + 64;
  }
};

// Q4_K, Q5_K: eight groups a step, whose scales and minima are multiples of the step's.
template <int64_t quant_bits>
struct SuperWeights {
  static constexpr int64_t bits = quant_bits;
  static constexpr int offset_bits = 0;
  static constexpr bool has_minimum = true;
  static constexpr bool has_sub_scales = false;
  static constexpr int64_t step_groups = packed::k_groups;
  static constexpr int64_t step_bytes = packed::k_quants_offset + packed::k_groups * 64 * bits;

  static QUIRE_LEAF_INLINE Head load_head(const uint8_t* step) {
    const Floats minimum = load_f16(step + packed::scales_bytes);
    return {load_f16(step), negate(minimum)};
  }
  static QUIRE_LEAF_INLINE void load_group(const uint8_t* step, const Head& head, int64_t i, Group& group) {
    group.quads = step + packed::k_quants_offset + i * 64 * bits;
    const uint8_t* scales = step + packed::k_head_bytes + i * packed::lanes;
    group.scale = multiply(head.scale, load_u8(scales));
    group.minimum = multiply(head.minimum, load_u8(scales + packed::k_groups * packed::lanes));
  }
};

// Q6_K: eight groups a step; a signed scale for each 16 inputs.
struct HalfScaledWeights {
  static constexpr int64_t bits = 6;
  static constexpr int offset_bits = 5;
  static constexpr bool has_minimum = false;
  static constexpr bool has_sub_scales = true;
  static constexpr int64_t step_groups = packed::k_groups;
  static constexpr int64_t step_bytes = packed::k_quants_offset + packed::k_groups * 64 * bits;

  static QUIRE_LEAF_INLINE Head load_head(const uint8_t* step) { return {load_f16(step), zeros()}; }
  static QUIRE_LEAF_INLINE void load_group(const uint8_t* step, const Head& head, int64_t i, Group& group) {
    group.quads = step + packed::k_quants_offset + i * 64 * bits;
    const uint8_t* scales = step + packed::k_head_bytes + i * 2 * packed::lanes;
    group.scale = head.scale;
    group.sub_scale_bytes = scales;
    group.sub_scales[0] = load_i8(scales);
    group.sub_scales[1] = load_i8(scales + packed::lanes);
  }
};

// visit.operator()<Weights>() for the quantized type's Weights.
template <class Visit>
QUIRE_LEAF_INLINE void visit_weights(ElementType type, const Visit& visit) {
  switch (type) {
    case ElementType::q4_0:
      return visit.template operator()<PairWeights<4, 3>>();
    case ElementType::q5_0:
      return visit.template operator()<PairWeights<5, 4>>();
    case ElementType::q8_0:
      return visit.template operator()<PairWeights<8, 7>>();
    case ElementType::q4_1:
      return visit.template operator()<MinimumWeights<4>>();
    case ElementType::q5_1:
      return visit.template operator()<MinimumWeights<5>>();
    case ElementType::q4_k:
      return visit.template operator()<SuperWeights<4>>();
    case ElementType::q5_k:
      return visit.template operator()<SuperWeights<5>>();
    case ElementType::q6_k:
      return visit.template operator()<HalfScaledWeights>();
    default:
      return;
  }
}

}  // namespace
}  // namespace quire
