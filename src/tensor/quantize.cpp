#include "tensor/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "tensor/blocks.h"
#include "tensor/code_blocks.h"
#include "tensor/float16.h"
#include "tensor/quantize_k.h"

namespace quire {
namespace {

// 1 / scale, and 0 where that means nothing: a block of zeros, or of values too small to divide by.
float reciprocal(float scale) {
  const float inverse = 1.0F / scale;
  return std::isfinite(inverse) ? inverse : 0.0F;
}

// value without its fraction, in [0, max]; NaN gives 0.
uint8_t truncate(float value, int max) {
  if (!(value > 0.0F)) return 0;
  return static_cast<uint8_t>(value < static_cast<float>(max) ? static_cast<int>(value) : max);
}

// floor(log2(value)), the logarithm rounded to f32: what PyPI's gguf computes, so that a value a hair below a power of
// two counts as it. REQUIRES: 0 < value < infinity.
int floor_log2(float value) {
  int above = 0;  // value is in [2^(above - 1), 2^above)
  const double missing = 1.0 - static_cast<double>(std::frexp(value, &above));
  constexpr double per_e = 1.4426950408889634;  // log2(1 - missing) is about -missing * per_e where it matters
  return static_cast<float>(above - missing * per_e) == static_cast<float>(above) ? above : above - 1;
}

// The value of largest magnitude, the first of several.
float extreme(const float* values, int count) {
  float found = values[0];
  for (int i = 1; i < count; ++i) {
    if (std::fabs(values[i]) > std::fabs(found)) found = values[i];
  }
  return found;
}

template <typename Block>
void set_high_bit(Block& block, int i, uint8_t quant) {
  block.high_bits[i / 8] = static_cast<uint8_t>(block.high_bits[i / 8] | ((quant >> 4) << (i % 8)));
}

// Signed types: the extreme value becomes the lowest quant exactly, so that the side it is on has one step more.
void quantize_block(const float* values, BlockQ4_0& block) {
  const float scale = extreme(values, 32) / -8.0F;
  const float inverse = reciprocal(scale);
  block.scale = f32_to_f16(scale);
  for (int i = 0; i < 16; ++i) {
    const uint8_t low = truncate(values[i] * inverse + 8.5F, 15);
    const uint8_t high = truncate(values[i + 16] * inverse + 8.5F, 15);
    block.quants[i] = static_cast<uint8_t>(low | (high << 4));
  }
}

void quantize_block(const float* values, BlockQ5_0& block) {
  const float scale = extreme(values, 32) / -16.0F;
  const float inverse = reciprocal(scale);
  block = {};
  block.scale = f32_to_f16(scale);
  for (int i = 0; i < 16; ++i) {
    const uint8_t low = truncate(values[i] * inverse + 16.5F, 31);
    const uint8_t high = truncate(values[i + 16] * inverse + 16.5F, 31);
    block.quants[i] = static_cast<uint8_t>((low & 0x0f) | ((high & 0x0f) << 4));
    set_high_bit(block, i, low);
    set_high_bit(block, i + 16, high);
  }
}

void quantize_block(const float* values, BlockQ4_1& block) {
  const auto [min, max] = std::minmax_element(values, values + 32);
  const float scale = (*max - *min) / 15.0F;
  const float inverse = reciprocal(scale);
  block.scale = f32_to_f16(scale);
  block.min = f32_to_f16(*min);
  for (int i = 0; i < 16; ++i) {
    const uint8_t low = truncate((values[i] - *min) * inverse + 0.5F, 15);
    const uint8_t high = truncate((values[i + 16] - *min) * inverse + 0.5F, 15);
    block.quants[i] = static_cast<uint8_t>(low | (high << 4));
  }
}

void quantize_block(const float* values, BlockQ5_1& block) {
  const auto [min, max] = std::minmax_element(values, values + 32);
  const float scale = (*max - *min) / 31.0F;
  const float inverse = reciprocal(scale);
  block = {};
  block.scale = f32_to_f16(scale);
  block.min = f32_to_f16(*min);
  for (int i = 0; i < 16; ++i) {
    const uint8_t low = truncate((values[i] - *min) * inverse + 0.5F, 31);
    const uint8_t high = truncate((values[i + 16] - *min) * inverse + 0.5F, 31);
    block.quants[i] = static_cast<uint8_t>((low & 0x0f) | ((high & 0x0f) << 4));
    set_high_bit(block, i, low);
    set_high_bit(block, i + 16, high);
  }
}

// Rounds half away from zero.
void quantize_block(const float* values, BlockQ8_0& block) {
  const float scale = std::fabs(extreme(values, 32)) / 127.0F;
  const float inverse = reciprocal(scale);
  block.scale = f32_to_f16(scale);
  for (int i = 0; i < 32; ++i) {
    const float scaled = values[i] * inverse;
    const auto magnitude = static_cast<int8_t>(truncate(std::fabs(scaled) + 0.5F, 127));
    block.quants[i] = static_cast<int8_t>(scaled < 0.0F ? -magnitude : magnitude);
  }
}

// Microscaling's rule: the largest power of two of the block is the largest one of FP4, which is 4. Exponents end at 0.
void quantize_block(const float* values, BlockMXFP4& block) {
  const float largest = std::fabs(extreme(values, 32));
  block = {};
  if (largest > 0 && largest < INFINITY) {
    block.exponent = static_cast<uint8_t>(std::clamp(floor_log2(largest) - 2 + 127, 0, 255));
  }
  const float unit = mxfp4_unit(block.exponent);
  for (int i = 0; i < 32; ++i) {
    const auto error = [&](int q) {
      return std::fabs(unit * static_cast<float>(fp4_values[static_cast<size_t>(q)]) - values[i]);
    };
    int best = 0;
    for (int q = 1; q < 16; ++q) best = error(q) < error(best) ? q : best;
    block.quants[i % 16] = static_cast<uint8_t>(block.quants[i % 16] | (best << (i / 16 * 4)));
  }
}

// importance null: none is given, or the type has no use for it.
template <typename Block>
void quantize_blocks(ElementType type, const float* values, const float* importance, int64_t elements,
                     std::byte* stored) {
  const int64_t block_elements = element_traits(type).block_elements;
  for (int64_t i = 0; i < elements; i += block_elements, stored += sizeof(Block)) {
    Block block;
    if constexpr (requires { quantize_block(values, importance, block); }) {
      quantize_block(values + i, importance == nullptr ? nullptr : importance + i, block);
    } else {
      quantize_block(values + i, block);
    }
    std::memcpy(stored, &block, sizeof(Block));
  }
}

template <typename Convert>
void narrow(const float* values, int64_t elements, std::byte* stored, Convert convert) {
  for (int64_t i = 0; i < elements; ++i) {
    const uint16_t bits = convert(values[i]);
    std::memcpy(stored + i * 2, &bits, 2);
  }
}

}  // namespace

bool weighs_errors(ElementType type) {
  using enum ElementType;
  constexpr ElementType weighing[] = {q6_k, q5_k, q4_k, q3_k, q2_k, iq4_nl, iq4_xs};
  return std::ranges::find(weighing, type) != std::end(weighing);
}

bool has_quantizer(ElementType type) {
  using enum ElementType;
  constexpr ElementType plain[] = {f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, mxfp4};
  return weighs_errors(type) || std::ranges::find(plain, type) != std::end(plain);
}

void quantize(ElementType type, const float* values, int64_t elements, std::byte* stored, const float* importance) {
  QUIRE_CHECK(elements % element_traits(type).block_elements == 0, "elements come in whole blocks");
  switch (type) {
    case ElementType::f32:
      std::memcpy(stored, values, static_cast<size_t>(elements) * sizeof(float));
      return;
    case ElementType::f16:
      return narrow(values, elements, stored, f32_to_f16);
    case ElementType::bf16:
      return narrow(values, elements, stored, f32_to_bf16);
    case ElementType::q4_0:
      return quantize_blocks<BlockQ4_0>(type, values, importance, elements, stored);
    case ElementType::q4_1:
      return quantize_blocks<BlockQ4_1>(type, values, importance, elements, stored);
    case ElementType::q5_0:
      return quantize_blocks<BlockQ5_0>(type, values, importance, elements, stored);
    case ElementType::q5_1:
      return quantize_blocks<BlockQ5_1>(type, values, importance, elements, stored);
    case ElementType::q8_0:
      return quantize_blocks<BlockQ8_0>(type, values, importance, elements, stored);
    case ElementType::q4_k:
      return quantize_blocks<BlockQ4_K>(type, values, importance, elements, stored);
    case ElementType::q5_k:
      return quantize_blocks<BlockQ5_K>(type, values, importance, elements, stored);
    case ElementType::q6_k:
      return quantize_blocks<BlockQ6_K>(type, values, importance, elements, stored);
    case ElementType::q3_k:
      return quantize_blocks<BlockQ3_K>(type, values, importance, elements, stored);
    case ElementType::q2_k:
      return quantize_blocks<BlockQ2_K>(type, values, importance, elements, stored);
    case ElementType::iq4_nl:
      return quantize_blocks<BlockIQ4_NL>(type, values, importance, elements, stored);
    case ElementType::iq4_xs:
      return quantize_blocks<BlockIQ4_XS>(type, values, importance, elements, stored);
    case ElementType::mxfp4:
      return quantize_blocks<BlockMXFP4>(type, values, importance, elements, stored);
    default:
      QUIRE_CHECK(false, "a type that quantize() makes");
  }
}

}  // namespace quire
