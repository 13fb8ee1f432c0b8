#include "tensor/code_values.h"

#include <bit>
#include <cstring>

#include "tensor/codes/iq1.h"
#include "tensor/codes/iq2_s.h"
#include "tensor/codes/iq2_xs.h"
#include "tensor/codes/iq2_xxs.h"
#include "tensor/codes/iq3_s.h"
#include "tensor/codes/iq3_xxs.h"
#include "tensor/float16.h"

namespace quire {
namespace {

// Nibble i of bytes that hold the low one first.
uint8_t nibble(const uint8_t* bytes, int i) { return (bytes[i / 2] >> (i % 2 * 4)) & 0x0f; }

// A bit for each of eight signs from the seven that are stored.
uint8_t eight_signs(uint32_t seven) {
  return static_cast<uint8_t>(seven | static_cast<uint32_t>(std::popcount(seven) & 1) << 7);
}

uint32_t load_u32(const uint8_t* bytes) {
  uint32_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// What a code's elements stand for: `bits` of the code each.
struct Levels {
  int bits;
  const int8_t* values;
};

constexpr int8_t iq2_magnitudes[] = {8, 25, 43};
constexpr int8_t iq3_xxs_magnitudes[] = {4, 12, 20, 28, 36, 44, 52, 62};
constexpr int8_t iq3_s_magnitudes[] = {1, 3, 5, 7, 9, 11, 13, 15};
constexpr int8_t iq1_steps[] = {-1, 0, 1};
constexpr Levels iq2_levels = {.bits = 2, .values = iq2_magnitudes};
constexpr Levels iq3_xxs_levels = {.bits = 4, .values = iq3_xxs_magnitudes};
constexpr Levels iq3_s_levels = {.bits = 4, .values = iq3_s_magnitudes};

int level_of(uint16_t code, int i, const Levels& levels) {
  return levels.values[(code >> (i * levels.bits)) & ((1 << levels.bits) - 1)];
}

// The elements of one code; bit i of `signs` is set where element i is negative.
void put_signed(uint16_t code, const Levels& levels, uint8_t signs, int8_t* quants) {
  for (int i = 0; i < 16 / levels.bits; ++i) {
    const int magnitude = level_of(code, i, levels);
    quants[i] = static_cast<int8_t>(((signs >> i) & 1) != 0 ? -magnitude : magnitude);
  }
}

// Scales go in steps of two from one: half steps of a unit that is twice as large.
int8_t odd_scale(uint32_t steps) { return static_cast<int8_t>(2 * steps + 1); }

void put_group_scale(ScaledQuants& to, int g, int8_t scale) {
  to.group_scales[2 * g] = scale;
  to.group_scales[2 * g + 1] = scale;
}

// Half of an unsigned E4M3 number (four bits of exponent, three of fraction); the largest is no number, and gives 0.
float nvfp4_unit(uint8_t bits) {
  if (bits == 0x7f) return 0.0F;
  const int exponent = (bits >> 3) & 0x0f;
  const int fraction = bits & 7;
  if (exponent == 0) return static_cast<float>(fraction) * 0x1p-10F;
  return static_cast<float>(8 + fraction) * std::bit_cast<float>(static_cast<uint32_t>(exponent - 11 + 127) << 23);
}

void iq4_values_of(float scale, const uint8_t* quants, float* values) {
  for (int i = 0; i < 16; ++i) {
    values[i] = scale * static_cast<float>(iq4_values[quants[i] & 0x0f]);
    values[i + 16] = scale * static_cast<float>(iq4_values[quants[i] >> 4]);
  }
}

// The elements of one IQ1 code, in eighths.
void put_shifted(int code, bool negative_shift, int8_t* quants) {
  for (int i = 0; i < 8; ++i) {
    const int step = level_of(codes::iq1[static_cast<size_t>(code)], i, {.bits = 2, .values = iq1_steps});
    quants[i] = static_cast<int8_t>(8 * step + (negative_shift ? -1 : 1));
  }
}

}  // namespace

float mxfp4_unit(uint8_t exponent) {
  // 2^-128 and 2^-127 are subnormal.
  if (exponent < 2) return std::bit_cast<float>(uint32_t{0x00200000} << exponent);
  return std::bit_cast<float>(static_cast<uint32_t>(exponent - 1) << 23);
}

void unpack_iq4_scales(const BlockIQ4_XS& block, int8_t (&scales)[8]) {
  for (int g = 0; g < 8; ++g) {
    const int high = (block.scales_high >> (2 * g)) & 3;
    scales[g] = static_cast<int8_t>((nibble(block.scales_low, g) | (high << 4)) - 32);
  }
}

void pack_iq4_scales(const int8_t (&scales)[8], BlockIQ4_XS& block) {
  block.scales_high = 0;
  std::memset(block.scales_low, 0, sizeof(block.scales_low));
  for (int g = 0; g < 8; ++g) {
    const int scale = scales[g] + 32;
    block.scales_low[g / 2] = static_cast<uint8_t>(block.scales_low[g / 2] | ((scale & 0x0f) << (g % 2 * 4)));
    block.scales_high = static_cast<uint16_t>(block.scales_high | ((scale >> 4) << (2 * g)));
  }
}

void block_values(const BlockMXFP4& block, float* values) {
  const float unit = mxfp4_unit(block.exponent);
  for (int i = 0; i < 16; ++i) {
    values[i] = unit * static_cast<float>(fp4_values[block.quants[i] & 0x0f]);
    values[i + 16] = unit * static_cast<float>(fp4_values[block.quants[i] >> 4]);
  }
}

void block_values(const BlockNVFP4& block, float* values) {
  for (int g = 0; g < 4; ++g) {
    const float unit = nvfp4_unit(block.scales[g]);
    for (int i = 0; i < 8; ++i) {
      const uint8_t quants = block.quants[g * 8 + i];
      values[g * 16 + i] = unit * static_cast<float>(fp4_values[quants & 0x0f]);
      values[g * 16 + 8 + i] = unit * static_cast<float>(fp4_values[quants >> 4]);
    }
  }
}

void block_values(const BlockIQ4_NL& block, float* values) {
  iq4_values_of(f16_to_f32(block.scale), block.quants, values);
}

void block_values(const BlockIQ4_XS& block, float* values) {
  int8_t scales[8];
  unpack_iq4_scales(block, scales);
  for (int g = 0; g < 8; ++g) {
    iq4_values_of(f16_to_f32(block.scale) * static_cast<float>(scales[g]), block.quants + g * 16, values + g * 32);
  }
}

ScaledQuants take_apart(const BlockIQ2_XXS& block) {
  ScaledQuants result;
  result.scale = f16_to_f32(block.scale) / 8.0F;
  for (int g = 0; g < 8; ++g) {
    const uint32_t word = load_u32(block.groups[g] + 4);
    put_group_scale(result, g, odd_scale(word >> 28));
    for (int i = 0; i < 4; ++i) {
      put_signed(codes::iq2_xxs[block.groups[g][i]], iq2_levels, eight_signs(word >> (7 * i) & 0x7f),
                 result.quants + g * 32 + i * 8);
    }
  }
  return result;
}

ScaledQuants take_apart(const BlockIQ2_XS& block) {
  ScaledQuants result;
  result.scale = f16_to_f32(block.scale) / 8.0F;
  for (int i = 0; i < 32; ++i) {
    result.group_scales[i / 2] = odd_scale(nibble(block.scales, i / 2));
    const uint16_t code = codes::iq2_xs[block.codes[i] & 0x1ff];
    put_signed(code, iq2_levels, eight_signs(block.codes[i] >> 9), result.quants + i * 8);
  }
  return result;
}

ScaledQuants take_apart(const BlockIQ2_S& block) {
  ScaledQuants result;
  result.scale = f16_to_f32(block.scale) / 8.0F;
  for (int i = 0; i < 32; ++i) {
    result.group_scales[i / 2] = odd_scale(nibble(block.scales, i / 2));
    const int high = (block.high_bits[i / 4] >> (i % 4 * 2)) & 3;
    const auto code = static_cast<size_t>(block.codes[i] | (high << 8));
    put_signed(codes::iq2_s[code], iq2_levels, block.signs[i], result.quants + i * 8);
  }
  return result;
}

ScaledQuants take_apart(const BlockIQ3_XXS& block) {
  ScaledQuants result;
  result.scale = f16_to_f32(block.scale) / 4.0F;
  for (int g = 0; g < 8; ++g) {
    const uint32_t word = load_u32(block.signs_and_scales[g]);
    put_group_scale(result, g, odd_scale(word >> 28));
    for (int i = 0; i < 8; ++i) {
      const uint8_t signs = eight_signs(word >> (i / 2 * 7) & 0x7f);
      put_signed(codes::iq3_xxs[block.codes[g * 8 + i]], iq3_xxs_levels, static_cast<uint8_t>(signs >> (i % 2 * 4)),
                 result.quants + g * 32 + i * 4);
    }
  }
  return result;
}

ScaledQuants take_apart(const BlockIQ3_S& block) {
  ScaledQuants result;
  result.scale = f16_to_f32(block.scale);
  for (int g = 0; g < 8; ++g) put_group_scale(result, g, odd_scale(nibble(block.scales, g)));
  for (int i = 0; i < 64; ++i) {
    const int high = (block.high_bits[i / 8] >> (i % 8)) & 1;
    const auto code = static_cast<size_t>(block.codes[i] | (high << 8));
    put_signed(codes::iq3_s[code], iq3_s_levels, static_cast<uint8_t>(block.signs[i / 2] >> (i % 2 * 4)),
               result.quants + i * 4);
  }
  return result;
}

ScaledQuants take_apart(const BlockIQ1_S& block) {
  ScaledQuants result;
  result.scale = f16_to_f32(block.scale) / 8.0F;
  for (int i = 0; i < 32; ++i) {
    const int bits = block.high_bits[i / 4];
    result.group_scales[i / 2] = odd_scale(static_cast<uint32_t>(bits) >> 12 & 7);
    const int high = (bits >> (i % 4 * 3)) & 7;
    put_shifted(block.codes[i] | (high << 8), (bits & 0x8000) != 0, result.quants + i * 8);
  }
  return result;
}

ScaledQuants take_apart(const BlockIQ1_M& block) {
  ScaledQuants result;
  int scale_bits = 0;
  for (int i = 0; i < 4; ++i) scale_bits |= (block.scales[i] >> 12) << (4 * i);
  result.scale = f16_to_f32(static_cast<uint16_t>(scale_bits)) / 8.0F;
  for (int i = 0; i < 32; ++i) {
    result.group_scales[i / 2] = odd_scale(static_cast<uint32_t>(block.scales[i / 8]) >> (i % 8 / 2 * 3) & 7);
    const int bits = nibble(block.high_bits, i);
    put_shifted(block.codes[i] | ((bits & 7) << 8), (bits & 8) != 0, result.quants + i * 8);
  }
  return result;
}

void scaled_values(const ScaledQuants& quants, float* values) {
  for (int i = 0; i < 256; ++i) {
    values[i] = quants.scale * static_cast<float>(quants.group_scales[i / 16]) * static_cast<float>(quants.quants[i]);
  }
}

}  // namespace quire
