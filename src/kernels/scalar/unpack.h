// Groups of a panel, from the packed layout to integers and scales.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "kernels/kernels.h"
#include "kernels/packed_layout.h"
#include "kernels/scalar/half.h"

namespace quire::scalar {

using packed::lanes;

// One group of a panel: quants as the integers that multiply activations.
struct Group {
  std::array<std::array<int32_t, quant_group>, lanes> quants;
  std::array<std::array<int32_t, 2>, lanes> sub_scales;  // of the two halves; 1 but for Q6_K
  std::array<float, lanes> scales;
  std::array<float, lanes> minima;  // added times the group's sum of activations; read if has_minima
};

inline bool has_minima(ElementType type) {
  return type == ElementType::q4_1 || type == ElementType::q5_1 || type == ElementType::q4_k ||
         type == ElementType::q5_k;
}

inline float load_f16(const uint8_t* bytes, int64_t index) {
  uint16_t half = 0;
  std::memcpy(&half, bytes + 2 * index, 2);
  return f32_of_f16(half);
}

// Weight k of an output of a BF16 panel.
inline float load_bf16_weight(const uint8_t* panel, int64_t k, int64_t lane) {
  uint16_t bits = 0;
  std::memcpy(&bits, panel + k / 2 * packed::line_bytes + 4 * lane + 2 * (k % 2), 2);
  return f32_of_bf16(bits);
}

// The low 4 bits of input k of an output.
inline int32_t low_bits(const uint8_t* low, int64_t lane, int64_t k) {
  const int64_t line = k % 16 / 4;
  const int32_t byte = low[line * 64 + lane * 4 + k % 4];
  return k < 16 ? byte & 15 : byte >> 4;
}

inline int32_t fifth_bit(const uint8_t* fifth, int64_t lane, int64_t k) {
  return (fifth[lane * 4 + k % 4] >> (k / 4)) & 1;
}

inline int32_t sixth_bits(const uint8_t* sixth, int64_t lane, int64_t k) {
  return (sixth[k / 16 * 64 + lane * 4 + k % 4] >> (2 * (k % 16 / 4))) & 3;
}

// Where the parts of a group are.
struct GroupBytes {
  const uint8_t* scales;  // f16; of the super-block for K-quants
  const uint8_t* minima;
  const uint8_t* sub_scales;  // K-quants
  const uint8_t* sub_minima;
  const uint8_t* quants;
  const uint8_t* high;  // fifth or sixth bits
};

inline GroupBytes find_group(ElementType type, const uint8_t* panel, int64_t g) {
  const packed::Step step = packed::step_of(type);
  const int64_t step_groups = step.inputs / quant_group;
  const uint8_t* base = panel + g / step_groups * step.bytes;
  const int64_t i = g % step_groups;
  GroupBytes at{};
  at.scales = base;
  int64_t quants_offset = 64;
  int64_t high_bytes = 0;
  if (type == ElementType::q5_0 || type == ElementType::q5_1 || type == ElementType::q5_k) {
    high_bytes = packed::fifth_bytes;
  }
  if (type == ElementType::q6_k) high_bytes = packed::sixth_bytes;
  const int64_t low_bytes = type == ElementType::q8_0 ? packed::whole_bytes : packed::low_bytes;
  if (step_groups == 2) {
    at.scales = base + i * packed::scales_bytes;
  } else {
    at.minima = base + packed::scales_bytes;
  }
  if (step_groups == packed::k_groups) {
    quants_offset = packed::k_quants_offset;
    const int64_t sub_bytes = type == ElementType::q6_k ? 2 * lanes : lanes;
    at.sub_scales = base + packed::k_head_bytes + i * sub_bytes;
    at.sub_minima = base + packed::k_head_bytes + packed::k_groups * lanes + i * lanes;
  }
  at.quants = base + quants_offset + i * (low_bytes + high_bytes);
  at.high = at.quants + low_bytes;
  return at;
}

inline int32_t quant_of(ElementType type, const GroupBytes& at, int64_t lane, int64_t k) {
  switch (type) {
    case ElementType::q4_0:
      return low_bits(at.quants, lane, k) - 8;
    case ElementType::q4_1:
    case ElementType::q4_k:
      return low_bits(at.quants, lane, k);
    case ElementType::q5_0:
      return (low_bits(at.quants, lane, k) | fifth_bit(at.high, lane, k) << 4) - 16;
    case ElementType::q5_1:
    case ElementType::q5_k:
      return low_bits(at.quants, lane, k) | fifth_bit(at.high, lane, k) << 4;
    case ElementType::q6_k:
      return (low_bits(at.quants, lane, k) | sixth_bits(at.high, lane, k) << 4) - 32;
    default:
      return at.quants[k / 4 * 64 + lane * 4 + k % 4] - 128;
  }
}

inline void unpack_group(ElementType type, const uint8_t* panel, int64_t g, Group& group) {
  const GroupBytes at = find_group(type, panel, g);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const size_t o = static_cast<size_t>(lane);
    for (int64_t k = 0; k < quant_group; ++k) group.quants[o][static_cast<size_t>(k)] = quant_of(type, at, lane, k);
    group.scales[o] = load_f16(at.scales, lane);
    group.sub_scales[o] = {1, 1};
    if (has_minima(type)) group.minima[o] = load_f16(at.minima, lane);
    if (type == ElementType::q4_k || type == ElementType::q5_k) {  // both products are exact
      group.scales[o] = group.scales[o] * static_cast<float>(at.sub_scales[lane]);
      group.minima[o] = -(group.minima[o] * static_cast<float>(at.sub_minima[lane]));
    }
    if (type == ElementType::q6_k) {
      group.sub_scales[o] = {static_cast<int8_t>(at.sub_scales[lane]), static_cast<int8_t>(at.sub_scales[16 + lane])};
    }
  }
}

}  // namespace quire::scalar
