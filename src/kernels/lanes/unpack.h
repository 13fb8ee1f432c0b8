// Groups of a panel, from the packed layout to a vector of 16 outputs' bytes for each 4 inputs.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/packed_layout.h"

namespace quire {
namespace {

// 32 inputs of 16 outputs. load_quad makes inputs 4 q ... 4 q + 3 of each output of its quads, unsigned; the value of
// a weight is scale * (quad - offset) + minimum. Where the first and the last 16 inputs have scales of their own it is
// scale * sub_scale * (quad - offset), or with minima of their own that - minimum * sub_minimum.
struct Group {
  const uint8_t* quads;
  Floats scale;
  Floats minimum;
  Floats sub_scales[2];
  Floats sub_minima[2];
  const uint8_t* sub_scale_bytes;  // as they are packed: (2, 16)
};

// What a step says once for all its groups.
struct Head {
  Floats scale;
  Floats minimum;
};

// Quad q (a constant once loops are unrolled) of a group with `bits` a weight, as it is packed.
template <int bits>
QUIRE_LEAF_INLINE Words load_bits(const uint8_t* at, int q) {
  const auto high_bit = [q](const uint8_t* line, Words low, int bit) {
    const Words high = load_words(line);
    return merge(low, q < bit ? left16(high, bit - q) : right16(high, q - bit), broadcast_byte(1 << bit));
  };
  if constexpr (bits == 8) return load_words(at + 64 * q);
  if constexpr (bits < 4) {
    const Words low = bit_and(right16(load_words(at + 64 * (q / 4)), 2 * (q % 4)), broadcast_byte(3));
    if constexpr (bits == 2) return low;
    return high_bit(at + packed::pairs_bytes, low, 2);
  }
  const Words line = load_words(at + 64 * (q % 4));
  const Words low = q < 4 ? bit_and(line, broadcast_byte(15)) : high_nibbles(line);
  if constexpr (bits == 5) return high_bit(at + packed::low_bytes, low, 4);
  if constexpr (bits == 6) {
    const Words sixth = load_words(at + packed::low_bytes + 64 * (q / 4));
    const int pair = 2 * (q % 4);
    return merge(low, pair < 4 ? left16(sixth, 4 - pair) : right16(sixth, pair - 4), broadcast_byte(48));
  }
  return low;
}

// The numbers that multiply activations. Quads are made where they are used: all eight of a group at once would be more
// than AVX2 has registers for.
template <packed::Quants quants>
QUIRE_LEAF_INLINE Words load_quad(const uint8_t* at, int q) {
  const Words bits = load_bits<quants.bits>(at, q);
  if constexpr (quants.codes != nullptr) return look_up(quants.codes, bits);
  return bits;
}

// How a group's scales are read: load_head once a step, load_scales for group i of it.
struct PlainScales {
  static constexpr bool has_minimum = false;
  static constexpr bool has_sub_scales = false;       // a scale for each 16 inputs
  static constexpr bool has_byte_sub_scales = false;  // and these are integers
  static constexpr bool has_sub_minima = false;
  static QUIRE_LEAF_INLINE Head load_head(const uint8_t*) { return {zeros(), zeros()}; }
};

template <packed::Scales scales>
struct GroupScales;

template <>
struct GroupScales<packed::Scales::pair> : PlainScales {
  static QUIRE_LEAF_INLINE void load_scales(const uint8_t* step, const Head&, int64_t i, Group& group) {
    group.scale = load_f16(step + i * packed::scales_bytes);
  }
};

template <>
struct GroupScales<packed::Scales::pair_bf16> : PlainScales {
  static QUIRE_LEAF_INLINE void load_scales(const uint8_t* step, const Head&, int64_t i, Group& group) {
    group.scale = load_bf16(step + i * packed::scales_bytes);
  }
};

// Half of an E4M3 number: its exponent and fraction at the place of f32's, times a power of two for the other bias.
QUIRE_LEAF_INLINE Floats load_half_e4m3(const uint8_t* at) {
  return multiply(as_floats(left32<20>(load_u8_words(at))), broadcast(0x1p119F));
}

template <>
struct GroupScales<packed::Scales::pair_halves> : PlainScales {
  static constexpr bool has_sub_scales = true;
  static QUIRE_LEAF_INLINE void load_scales(const uint8_t* step, const Head&, int64_t i, Group& group) {
    const uint8_t* scales = step + i * 2 * packed::lanes;
    group.scale = broadcast(1.0F);
    group.sub_scales[0] = load_half_e4m3(scales);
    group.sub_scales[1] = load_half_e4m3(scales + packed::lanes);
  }
};

template <>
struct GroupScales<packed::Scales::minimum> : PlainScales {
  static constexpr bool has_minimum = true;
  static QUIRE_LEAF_INLINE void load_scales(const uint8_t* step, const Head&, int64_t, Group& group) {
    group.scale = load_f16(step);
    group.minimum = load_f16(step + packed::scales_bytes);
  }
};

template <>
struct GroupScales<packed::Scales::super> : PlainScales {
  static constexpr bool has_minimum = true;
  static QUIRE_LEAF_INLINE Head load_head(const uint8_t* step) {
    return {load_f16(step), negate(load_f16(step + packed::scales_bytes))};
  }
  static QUIRE_LEAF_INLINE void load_scales(const uint8_t* step, const Head& head, int64_t i, Group& group) {
    const uint8_t* scales = step + packed::k_head_bytes + i * packed::lanes;
    group.scale = multiply(head.scale, load_u8(scales));
    group.minimum = multiply(head.minimum, load_u8(scales + packed::k_groups * packed::lanes));
  }
};

struct SuperScale : PlainScales {
  static QUIRE_LEAF_INLINE Head load_head(const uint8_t* step) {
    return {load(reinterpret_cast<const float*>(step)), zeros()};
  }
};

template <>
struct GroupScales<packed::Scales::one> : SuperScale {
  static QUIRE_LEAF_INLINE void load_scales(const uint8_t*, const Head& head, int64_t, Group& group) {
    group.scale = head.scale;
  }
};

template <>
struct GroupScales<packed::Scales::super_signed> : SuperScale {
  static QUIRE_LEAF_INLINE void load_scales(const uint8_t* step, const Head& head, int64_t i, Group& group) {
    group.scale = multiply(head.scale, load_i8(step + packed::k_head_bytes + i * packed::lanes));
  }
};

template <>
struct GroupScales<packed::Scales::super_halves> : SuperScale {
  static constexpr bool has_sub_scales = true;
  static constexpr bool has_byte_sub_scales = true;
  static QUIRE_LEAF_INLINE void load_scales(const uint8_t* step, const Head& head, int64_t i, Group& group) {
    const uint8_t* scales = step + packed::k_head_bytes + i * 2 * packed::lanes;
    group.scale = head.scale;
    group.sub_scale_bytes = scales;
    group.sub_scales[0] = load_i8(scales);
    group.sub_scales[1] = load_i8(scales + packed::lanes);
  }
};

template <>
struct GroupScales<packed::Scales::super_halves_minimum> : PlainScales {
  static constexpr bool has_sub_scales = true;
  static constexpr bool has_byte_sub_scales = true;
  static constexpr bool has_sub_minima = true;
  static QUIRE_LEAF_INLINE Head load_head(const uint8_t* step) {
    return {load_f16(step), load_f16(step + packed::scales_bytes)};
  }
  static QUIRE_LEAF_INLINE void load_scales(const uint8_t* step, const Head& head, int64_t i, Group& group) {
    group.scale = head.scale;
    group.minimum = head.minimum;
    group.sub_scale_bytes = step + packed::k_head_bytes + i * 2 * packed::lanes;
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const Words bytes = load_u8_words(group.sub_scale_bytes + half * packed::lanes);
      group.sub_scales[half] = to_floats(bit_and(bytes, broadcast_word(15)));
      group.sub_minima[half] = to_floats(right16(bytes, 4));
    }
  }
};

template <packed::Layout layout>
struct Weights : GroupScales<layout.scales> {
  static constexpr packed::Quants quants = layout.quants;
  static constexpr int64_t step_groups = packed::step_groups(layout.scales);
  static constexpr int64_t step_bytes = packed::step_bytes(layout);

  static QUIRE_LEAF_INLINE void load_group(const uint8_t* step, const Head& head, int64_t i, Group& group) {
    group.quads = step + packed::quants_offset(layout.scales) + i * packed::group_bytes(quants);
    GroupScales<layout.scales>::load_scales(step, head, i, group);
  }
};

// visit.operator()<Weights>() for the quantized type's Weights, which is at `index` of the layouts or behind it.
template <int index = 0, class Visit>
QUIRE_LEAF_INLINE void visit_weights(ElementType type, const Visit& visit) {
  if constexpr (index < sizeof(packed::layouts) / sizeof(packed::layouts[0])) {
    if (type == packed::layouts[index].type) return visit.template operator()<Weights<packed::layouts[index].layout>>();
    visit_weights<index + 1>(type, visit);
  }
}

}  // namespace
}  // namespace quire
