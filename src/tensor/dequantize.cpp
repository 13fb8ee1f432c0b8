#include "tensor/dequantize.h"

#include <cstring>

#include "base/check.h"
#include "tensor/blocks.h"
#include "tensor/code_values.h"
#include "tensor/float16.h"

namespace quire {
namespace {

void block_values(const BlockQ4_0& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  for (int i = 0; i < 16; ++i) {
    values[i] = scale * static_cast<float>((block.quants[i] & 0x0f) - 8);
    values[i + 16] = scale * static_cast<float>((block.quants[i] >> 4) - 8);
  }
}

void block_values(const BlockQ4_1& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  const float min = f16_to_f32(block.min);
  for (int i = 0; i < 16; ++i) {
    values[i] = scale * static_cast<float>(block.quants[i] & 0x0f) + min;
    values[i + 16] = scale * static_cast<float>(block.quants[i] >> 4) + min;
  }
}

// The five bits of element i of a Q5_0 or Q5_1 block.
template <typename Block>
int five_bits(const Block& block, int i) {
  const int low = i < 16 ? block.quants[i] & 0x0f : block.quants[i - 16] >> 4;
  return low | (((block.high_bits[i / 8] >> (i % 8)) & 1) << 4);
}

void block_values(const BlockQ5_0& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  for (int i = 0; i < 32; ++i) values[i] = scale * static_cast<float>(five_bits(block, i) - 16);
}

void block_values(const BlockQ5_1& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  const float min = f16_to_f32(block.min);
  for (int i = 0; i < 32; ++i) values[i] = scale * static_cast<float>(five_bits(block, i)) + min;
}

void block_values(const BlockQ8_0& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  for (int i = 0; i < 32; ++i) values[i] = scale * static_cast<float>(block.quants[i]);
}

void block_values(const BlockQ4_K& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  const float min_scale = f16_to_f32(block.min_scale);
  const GroupScales groups = unpack_group_scales(block.scales);
  for (int g = 0; g < 8; ++g) {
    const float group_scale = scale * static_cast<float>(groups.scales[g]);
    const float group_min = min_scale * static_cast<float>(groups.mins[g]);
    const uint8_t* quants = block.quants + g / 2 * 32;
    const int shift = g % 2 * 4;
    for (int i = 0; i < 32; ++i) {
      values[g * 32 + i] = group_scale * static_cast<float>((quants[i] >> shift) & 0x0f) - group_min;
    }
  }
}

void block_values(const BlockQ5_K& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  const float min_scale = f16_to_f32(block.min_scale);
  const GroupScales groups = unpack_group_scales(block.scales);
  for (int g = 0; g < 8; ++g) {
    const float group_scale = scale * static_cast<float>(groups.scales[g]);
    const float group_min = min_scale * static_cast<float>(groups.mins[g]);
    const uint8_t* quants = block.quants + g / 2 * 32;
    const int shift = g % 2 * 4;
    for (int i = 0; i < 32; ++i) {
      const int quant = ((quants[i] >> shift) & 0x0f) | (((block.high_bits[i] >> g) & 1) << 4);
      values[g * 32 + i] = group_scale * static_cast<float>(quant) - group_min;
    }
  }
}

void block_values(const BlockQ6_K& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  for (int half = 0; half < 2; ++half) {
    const uint8_t* low = block.low_bits + half * 64;
    const uint8_t* high = block.high_bits + half * 32;
    for (int quarter = 0; quarter < 4; ++quarter) {
      const uint8_t* nibbles = low + quarter % 2 * 32;
      const int shift = quarter / 2 * 4;
      for (int i = 0; i < 32; ++i) {
        const int element = half * 128 + quarter * 32 + i;
        const int quant = (((nibbles[i] >> shift) & 0x0f) | (((high[i] >> (quarter * 2)) & 3) << 4)) - 32;
        const float group_scale = scale * static_cast<float>(block.scales[element / 16]);
        values[element] = group_scale * static_cast<float>(quant);
      }
    }
  }
}

// Element i of a block's bit pairs, as Q2_K, Q3_K and TQ2_0 lay them.
int bit_pair(const uint8_t (&quants)[64], int i) { return (quants[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2)) & 3; }

void block_values(const BlockQ2_K& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  const float min_scale = f16_to_f32(block.min_scale);
  for (int i = 0; i < 256; ++i) {
    const int packed = block.scales[i / 16];
    const float group_scale = scale * static_cast<float>(packed & 0x0f);
    const float group_min = min_scale * static_cast<float>(packed >> 4);
    values[i] = group_scale * static_cast<float>(bit_pair(block.quants, i)) - group_min;
  }
}

void block_values(const BlockQ3_K& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  int8_t scales[16];
  unpack_q3_scales(block.scales, scales);
  for (int i = 0; i < 256; ++i) {
    const float group_scale = scale * static_cast<float>(scales[i / 16]);
    const int high = (block.high_bits[i % 32] >> (i / 32)) & 1;
    values[i] = group_scale * static_cast<float>((bit_pair(block.quants, i) | (high << 2)) - 4);
  }
}

void block_values(const BlockTQ1_0& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  uint8_t digits[256];
  unpack_ternary(block, digits);
  for (int i = 0; i < 256; ++i) values[i] = scale * static_cast<float>(digits[i] - 1);
}

void block_values(const BlockTQ2_0& block, float* values) {
  const float scale = f16_to_f32(block.scale);
  for (int i = 0; i < 256; ++i) values[i] = scale * static_cast<float>(bit_pair(block.quants, i) - 1);
}

template <typename Block>
void dequantize_blocks(ElementType type, const std::byte* stored, int64_t elements, float* values) {
  const int64_t block_elements = element_traits(type).block_elements;
  for (int64_t i = 0; i < elements; i += block_elements, stored += sizeof(Block)) {
    Block block;
    std::memcpy(&block, stored, sizeof(Block));
    block_values(block, values + i);
  }
}

template <typename Convert>
void widen(const std::byte* stored, int64_t elements, float* values, Convert convert) {
  for (int64_t i = 0; i < elements; ++i) {
    uint16_t bits = 0;
    std::memcpy(&bits, stored + i * 2, 2);
    values[i] = convert(bits);
  }
}

}  // namespace

void dequantize(ElementType type, const std::byte* stored, int64_t elements, float* values) {
  QUIRE_CHECK(elements % element_traits(type).block_elements == 0, "elements come in whole blocks");
  switch (type) {
    case ElementType::f32:
      std::memcpy(values, stored, static_cast<size_t>(elements) * sizeof(float));
      return;
    case ElementType::f16:
      return widen(stored, elements, values, f16_to_f32);
    case ElementType::bf16:
      return widen(stored, elements, values, bf16_to_f32);
    case ElementType::q4_0:
      return dequantize_blocks<BlockQ4_0>(type, stored, elements, values);
    case ElementType::q4_1:
      return dequantize_blocks<BlockQ4_1>(type, stored, elements, values);
    case ElementType::q5_0:
      return dequantize_blocks<BlockQ5_0>(type, stored, elements, values);
    case ElementType::q5_1:
      return dequantize_blocks<BlockQ5_1>(type, stored, elements, values);
    case ElementType::q8_0:
      return dequantize_blocks<BlockQ8_0>(type, stored, elements, values);
    case ElementType::q4_k:
      return dequantize_blocks<BlockQ4_K>(type, stored, elements, values);
    case ElementType::q5_k:
      return dequantize_blocks<BlockQ5_K>(type, stored, elements, values);
    case ElementType::q6_k:
      return dequantize_blocks<BlockQ6_K>(type, stored, elements, values);
    case ElementType::q2_k:
      return dequantize_blocks<BlockQ2_K>(type, stored, elements, values);
    case ElementType::q3_k:
      return dequantize_blocks<BlockQ3_K>(type, stored, elements, values);
    case ElementType::mxfp4:
      return dequantize_blocks<BlockMXFP4>(type, stored, elements, values);
    case ElementType::nvfp4:
      return dequantize_blocks<BlockNVFP4>(type, stored, elements, values);
    case ElementType::iq4_nl:
      return dequantize_blocks<BlockIQ4_NL>(type, stored, elements, values);
    case ElementType::iq4_xs:
      return dequantize_blocks<BlockIQ4_XS>(type, stored, elements, values);
    case ElementType::iq3_s:
      return dequantize_blocks<BlockIQ3_S>(type, stored, elements, values);
    case ElementType::iq3_xxs:
      return dequantize_blocks<BlockIQ3_XXS>(type, stored, elements, values);
    case ElementType::iq2_s:
      return dequantize_blocks<BlockIQ2_S>(type, stored, elements, values);
    case ElementType::iq2_xs:
      return dequantize_blocks<BlockIQ2_XS>(type, stored, elements, values);
    case ElementType::iq2_xxs:
      return dequantize_blocks<BlockIQ2_XXS>(type, stored, elements, values);
    case ElementType::iq1_m:
      return dequantize_blocks<BlockIQ1_M>(type, stored, elements, values);
    case ElementType::iq1_s:
      return dequantize_blocks<BlockIQ1_S>(type, stored, elements, values);
    case ElementType::tq2_0:
      return dequantize_blocks<BlockTQ2_0>(type, stored, elements, values);
    case ElementType::tq1_0:
      return dequantize_blocks<BlockTQ1_0>(type, stored, elements, values);
  }
}

}  // namespace quire
