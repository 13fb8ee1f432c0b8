// Groups of a panel, from the packed layout to integers and scales.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "kernels/kernels.h"
#include "kernels/packed_layout.h"
#include "kernels/scalar/half.h"

namespace quire::scalar {

using packed::lanes;

// What is added for a group beside its products.
enum class Minima : uint8_t {
  none,
  of_group,   // minima[o][0] times the group's sum of activations
  of_halves,  // minima[o][half], an integer times minima_scales[o], comes off times the sum of each half
};

// What belongs to one output's quants of a group.
struct OutputScales {
  float scale = 0.0F;
  float sub_scales[2] = {1.0F, 1.0F};  // of the two halves; 1 where the group has one scale
  float minima[2] = {0.0F, 0.0F};
  float minima_scale = 0.0F;
};

// One group of a panel: quants as the integers that multiply activations.
struct Group {
  std::array<std::array<int32_t, quant_group>, lanes> quants;
  std::array<OutputScales, lanes> scales;
  Minima minima_of;
};

// Numbers of a panel lie where their size divides the address.
template <typename Number>
Number load_number(const uint8_t* bytes, int64_t index) {
  Number number;
  const uint8_t* const at = bytes + index * static_cast<int64_t>(sizeof(Number));
  __builtin_memcpy(&number, __builtin_assume_aligned(at, sizeof(Number)), sizeof(Number));
  return number;
}

inline float load_f16(const uint8_t* bytes, int64_t index) { return f32_of_f16(load_number<uint16_t>(bytes, index)); }

// Weight k of an output of a BF16 panel.
inline float load_bf16_weight(const uint8_t* panel, int64_t k, int64_t lane) {
  return f32_of_bf16(load_number<uint16_t>(panel + k / 2 * packed::line_bytes + 4 * lane, k % 2));
}

// The low 4 bits of input k of an output.
inline int32_t low_bits(const uint8_t* low, int64_t lane, int64_t k) {
  const int64_t line = k % 16 / 4;
  const int32_t byte = low[line * 64 + lane * 4 + k % 4];
  return k < 16 ? byte & 15 : byte >> 4;
}

inline int32_t high_bit(const uint8_t* line, int64_t lane, int64_t k) {
  return (line[lane * 4 + k % 4] >> (k / 4)) & 1;
}

inline int32_t bit_pair(const uint8_t* pairs, int64_t lane, int64_t k) {
  return (pairs[k / 16 * 64 + lane * 4 + k % 4] >> (2 * (k % 16 / 4))) & 3;
}

inline int32_t packed_bits(int bits, const uint8_t* at, int64_t lane, int64_t k) {
  switch (bits) {
    case 2:
      return bit_pair(at, lane, k);
    case 3:
      return bit_pair(at, lane, k) | high_bit(at + packed::pairs_bytes, lane, k) << 2;
    case 4:
      return low_bits(at, lane, k);
    case 5:
      return low_bits(at, lane, k) | high_bit(at + packed::low_bytes, lane, k) << 4;
    case 6:
      return low_bits(at, lane, k) | bit_pair(at + packed::low_bytes, lane, k) << 4;
    default:
      return at[k / 4 * 64 + lane * 4 + k % 4];
  }
}

inline int32_t quant_of(const packed::Quants& quants, const uint8_t* at, int64_t lane, int64_t k) {
  const int32_t bits = packed_bits(quants.bits, at, lane, k);
  return (quants.codes == nullptr ? bits : quants.codes[bits]) - quants.offset;
}

// Half of an E4M3 number without a sign.
inline float half_e4m3(uint8_t bits) {
  const uint32_t exponent = bits >> 3;
  const uint32_t fraction = bits & 7U;
  if (exponent == 0) return static_cast<float>(fraction) * 0x1p-10F;  // exact
  return std::bit_cast<float>((exponent + 119) << 23 | fraction << 20);
}

// Scales and minima of group i of a step, of one output. All products are exact.
inline OutputScales unpack_scales(packed::Scales scales, const uint8_t* step, int64_t i, int64_t lane) {
  OutputScales result;
  const uint8_t* of_groups = step + packed::k_head_bytes + i * lanes;
  const uint8_t* of_halves = step + packed::k_head_bytes + 2 * i * lanes;
  switch (scales) {
    case packed::Scales::pair:
      result.scale = load_f16(step + i * packed::scales_bytes, lane);
      break;
    case packed::Scales::pair_bf16:
      result.scale = f32_of_bf16(load_number<uint16_t>(step + i * packed::scales_bytes, lane));
      break;
    case packed::Scales::pair_halves:
      result.scale = 1.0F;
      for (int64_t half = 0; half < 2; ++half) {
        result.sub_scales[half] = half_e4m3(step[(2 * i + half) * lanes + lane]);
      }
      break;
    case packed::Scales::minimum:
      result.scale = load_f16(step, lane);
      result.minima[0] = load_f16(step + packed::scales_bytes, lane);
      break;
    case packed::Scales::super:
      result.scale = load_f16(step, lane) * static_cast<float>(of_groups[lane]);
      result.minima[0] = -(load_f16(step + packed::scales_bytes, lane) *
                           static_cast<float>(of_groups[packed::k_groups * lanes + lane]));
      break;
    case packed::Scales::super_halves_minimum:
      result.scale = load_f16(step, lane);
      result.minima_scale = load_f16(step + packed::scales_bytes, lane);
      for (int64_t half = 0; half < 2; ++half) {
        const uint8_t byte = of_halves[half * lanes + lane];
        result.sub_scales[half] = static_cast<float>(byte & 15);
        result.minima[half] = static_cast<float>(byte >> 4);
      }
      break;
    case packed::Scales::super_halves:
      result.scale = load_number<float>(step, lane);
      for (int64_t half = 0; half < 2; ++half) {
        result.sub_scales[half] = static_cast<float>(static_cast<int8_t>(of_halves[half * lanes + lane]));
      }
      break;
    case packed::Scales::super_signed:
      result.scale = load_number<float>(step, lane) * static_cast<float>(static_cast<int8_t>(of_groups[lane]));
      break;
    case packed::Scales::one:
      result.scale = load_number<float>(step, lane);
      break;
  }
  return result;
}

constexpr Minima minima_of(packed::Scales scales) {
  if (scales == packed::Scales::super_halves_minimum) return Minima::of_halves;
  return scales == packed::Scales::minimum || scales == packed::Scales::super ? Minima::of_group : Minima::none;
}

inline void unpack_group(ElementType type, const uint8_t* panel, int64_t g, Group& group) {
  const packed::Layout& layout = packed::layout_of(type);
  const int64_t step_groups = packed::step_groups(layout.scales);
  const int64_t i = g % step_groups;
  const uint8_t* step = panel + g / step_groups * packed::step_bytes(layout);
  const uint8_t* quants = step + packed::quants_offset(layout.scales) + i * packed::group_bytes(layout.quants);
  group.minima_of = minima_of(layout.scales);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const size_t o = static_cast<size_t>(lane);
    for (int64_t k = 0; k < quant_group; ++k) {
      group.quants[o][static_cast<size_t>(k)] = quant_of(layout.quants, quants, lane, k);
    }
    group.scales[o] = unpack_scales(layout.scales, step, i, lane);
  }
}

}  // namespace quire::scalar
