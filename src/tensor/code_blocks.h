// Layouts of the blocks whose bits are numbers of values in a table, as a GGUF file holds them.
// Source: the quantization formats of ggml (ggml-common.h) as PyPI's gguf decodes them; for MXFP4 the OCP Microscaling
// Formats specification 1.0.
#pragma once

#include <array>
#include <cstdint>

#include "tensor/element_type.h"

namespace quire {

// What the 16 nibbles of IQ4_NL and IQ4_XS stand for: steps are finer where weights are many.
inline constexpr std::array<int8_t, 16> iq4_values = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                      1,    13,   25,  38,  53,  69,  89,  113};
// Twice what the 16 numbers of FP4 (E2M1: a sign, two bits of exponent, one of fraction) stand for.
inline constexpr std::array<int8_t, 16> fp4_values = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// value = 2^(exponent - 128) * fp4_values[q]. Elements 0..15 are the low nibbles, 16..31 the high ones; so too in
// IQ4_NL.
struct BlockMXFP4 {
  uint8_t exponent;
  uint8_t quants[16];
};

// Four groups of 16: value = half the group's scale (E4M3, the sign bit ignored) * fp4_values[q]. A group has 8 bytes,
// its first 8 elements in the low nibbles.
struct BlockNVFP4 {
  uint8_t scales[4];
  uint8_t quants[32];
};

// value = scale * iq4_values[q].
struct BlockIQ4_NL {
  uint16_t scale;
  uint8_t quants[16];
};

// Eight groups of 32, each with 16 bytes as IQ4_NL has: value = scale * (group_scale - 32) * iq4_values[q]. The low
// four bits of the scales are the nibbles of scales_low, low ones first; the upper two are pairs of scales_high.
struct BlockIQ4_XS {
  uint16_t scale;
  uint16_t scales_high;
  uint8_t scales_low[4];
  uint8_t quants[128];
};

// In the next five, a code gives the magnitudes of several elements that follow each other, and signs are bits beside
// it. A sign set of seven bits stands for eight signs: the last one makes their number even.

// Eight groups of 32, each four codes of 8 elements (a byte), then 32 bits: four sign sets, above them 4 bits of scale.
// value = scale * (group_scale + 1/2) / 4 * magnitude.
struct BlockIQ2_XXS {
  uint16_t scale;
  uint8_t groups[8][8];
};

// 32 codes of 8 elements: nine bits, above them a sign set. A nibble of scales for every two codes, low ones first.
// value = scale * (group_scale + 1/2) / 4 * magnitude; so too in IQ2_S.
struct BlockIQ2_XS {
  uint16_t scale;
  uint16_t codes[32];
  uint8_t scales[8];
};

// The same with ten bits: the upper two of code i are bits 2 (i % 4) of high_bits[i / 4]. A byte of signs for each
// code.
struct BlockIQ2_S {
  uint16_t scale;
  uint8_t codes[32];
  uint8_t signs[32];
  uint8_t high_bits[8];
  uint8_t scales[8];
};

// Eight groups of 32, each eight codes of 4 elements, and 32 bits as in IQ2_XXS. value = scale * (group_scale + 1/2) /
// 2
// * magnitude.
struct BlockIQ3_XXS {
  uint16_t scale;
  uint8_t codes[64];
  uint8_t signs_and_scales[8][4];
};

// The same with nine bits: the last of code i is bit i % 8 of high_bits[i / 8]. A byte of signs for every two codes, a
// nibble of scales for every eight. value = scale * (2 * group_scale + 1) * magnitude.
struct BlockIQ3_S {
  uint16_t scale;
  uint8_t codes[64];
  uint8_t high_bits[8];
  uint8_t signs[32];
  uint8_t scales[4];
};

// Eight groups of 32, each four codes of 8 elements. A group's high_bits: three upper bits of each code, three of
// scale, and one that says whether the shift is negative. value = scale * (2 * group_scale + 1) * (code's value +-
// 1/8).
struct BlockIQ1_S {
  uint16_t scale;
  uint8_t codes[32];
  uint16_t high_bits[8];
};

// The same with a scale for every two codes and a shift for each: nibble i of high_bits is three upper bits of code i
// and the sign of its shift. scales is four words of four 3-bit scales, above them 4 bits of the block's f16 scale.
struct BlockIQ1_M {
  uint8_t codes[32];
  uint8_t high_bits[16];
  uint16_t scales[4];
};

static_assert(sizeof(BlockMXFP4) == element_traits(ElementType::mxfp4).block_bytes);
static_assert(sizeof(BlockNVFP4) == element_traits(ElementType::nvfp4).block_bytes);
static_assert(sizeof(BlockIQ4_NL) == element_traits(ElementType::iq4_nl).block_bytes);
static_assert(sizeof(BlockIQ4_XS) == element_traits(ElementType::iq4_xs).block_bytes);
static_assert(sizeof(BlockIQ2_XXS) == element_traits(ElementType::iq2_xxs).block_bytes);
static_assert(sizeof(BlockIQ2_XS) == element_traits(ElementType::iq2_xs).block_bytes);
static_assert(sizeof(BlockIQ2_S) == element_traits(ElementType::iq2_s).block_bytes);
static_assert(sizeof(BlockIQ3_XXS) == element_traits(ElementType::iq3_xxs).block_bytes);
static_assert(sizeof(BlockIQ3_S) == element_traits(ElementType::iq3_s).block_bytes);
static_assert(sizeof(BlockIQ1_S) == element_traits(ElementType::iq1_s).block_bytes);
static_assert(sizeof(BlockIQ1_M) == element_traits(ElementType::iq1_m).block_bytes);

// 2^(exponent - 128), the unit of an MXFP4 block.
float mxfp4_unit(uint8_t exponent);

// The eight 6-bit scales of an IQ4_XS block, -32..31, out of and into its bytes.
void unpack_iq4_scales(const BlockIQ4_XS& block, int8_t (&scales)[8]);
void pack_iq4_scales(const int8_t (&scales)[8], BlockIQ4_XS& block);

}  // namespace quire
