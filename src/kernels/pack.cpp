// From rows of GGUF blocks to panels. Block layouts: ggml-org/ggml, src/ggml-common.h.
//
// Everything is moved in words: four bytes that belong to four consecutive inputs of one output, in the file as in the
// panel (kernels/packed_layout.h), whatever the bits of a byte mean.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "kernels/kernels.h"
#include "kernels/packed_layout.h"
#include "tensor/blocks.h"
#include "tensor/code_values.h"
#include "tensor/float16.h"

namespace quire {
namespace {

using packed::lanes;
using packed::line_bytes;

constexpr int64_t word_bytes = 4;

uint32_t word_at(const uint8_t* bytes) {
  uint32_t word = 0;
  std::memcpy(&word, bytes, word_bytes);
  return word;
}

// Places of one output's numbers inside a group. `lane` is the output's place in its panel.

void put_word(uint8_t* line, int64_t lane, uint32_t word) { std::memcpy(line + lane * word_bytes, &word, word_bytes); }

void put_f16(uint8_t* scales, int64_t lane, const uint8_t* half) { std::memcpy(scales + 2 * lane, half, 2); }

void put_f32(uint8_t* scales, int64_t lane, float scale) { put_word(scales, lane, std::bit_cast<uint32_t>(scale)); }

// 16 bytes whose low nibbles are inputs 0 to 15 and whose high ones are inputs 16 to 31: lines have the same order.
void put_low(uint8_t* low, int64_t lane, const uint8_t* nibbles) {
  for (int64_t j = 0; j < 4; ++j) put_word(low + j * line_bytes, lane, word_at(nibbles + j * word_bytes));
}

// 32 bytes, an input each, in the four bits from `shift` on.
void put_low(uint8_t* low, int64_t lane, const uint8_t* bytes, int64_t shift) {
  constexpr uint32_t nibbles = 0x0F0F0F0F;
  for (int64_t j = 0; j < 4; ++j) {
    const uint32_t first = word_at(bytes + j * word_bytes) >> shift & nibbles;
    const uint32_t second = word_at(bytes + 16 + j * word_bytes) >> shift & nibbles;
    put_word(low + j * line_bytes, lane, first | second << 4);
  }
}

// Bit k of `bits` is the highest bit of input k.
void put_high_bits(uint8_t* line, int64_t lane, uint32_t bits) {
  uint32_t word = 0;
  for (int64_t j = 0; j < 8; ++j) {
    const uint32_t four = (bits >> 4 * j) & 15;
    word |= (four * 0x00204081 & 0x01010101) << j;  // bit i of them becomes bit 0 of byte i
  }
  put_word(line, lane, word);
}

// 32 bytes, an input each: the highest bit is bit `shift`.
void put_high_bits(uint8_t* line, int64_t lane, const uint8_t* bytes, int64_t shift) {
  uint32_t word = 0;
  for (int64_t j = 0; j < 8; ++j) word |= (word_at(bytes + j * word_bytes) >> shift & 0x01010101) << j;
  put_word(line, lane, word);
}

// 32 bytes, an input each: two bits from `shift` on.
void put_pairs(uint8_t* pairs, int64_t lane, const uint8_t* bytes, int64_t shift) {
  for (int64_t half = 0; half < 2; ++half) {
    uint32_t word = 0;
    for (int64_t j = 0; j < 4; ++j) {
      word |= (word_at(bytes + 16 * half + j * word_bytes) >> shift & 0x03030303) << 2 * j;
    }
    put_word(pairs + half * line_bytes, lane, word);
  }
}

// 32 bytes, an input each, signed: 128 is added.
void put_whole(uint8_t* whole, int64_t lane, const uint8_t* bytes) {
  for (int64_t j = 0; j < 8; ++j) {
    put_word(whole + j * line_bytes, lane, word_at(bytes + j * word_bytes) ^ 0x80808080);
  }
}

// Where what belongs to one block is.
template <ElementType type>
struct Place {
  static constexpr packed::Layout layout = packed::layout_of(type);
  static constexpr int64_t step_groups = packed::step_groups(layout.scales);

  uint8_t* step;
  uint8_t* quants(int64_t g) const {
    return step + packed::quants_offset(layout.scales) + g * packed::group_bytes(layout.quants);
  }
  uint8_t* sub_scales() const { return step + packed::k_head_bytes; }
};

// Of group g of a panel.
template <ElementType type>
Place<type> place_of_group(uint8_t* panel, int64_t g) {
  return {panel + g / Place<type>::step_groups * packed::step_bytes(Place<type>::layout)};
}

// Of super-block b of a panel.
template <ElementType type>
Place<type> place_of_block(uint8_t* panel, int64_t b) {
  return place_of_group<type>(panel, b * packed::k_groups);
}

// Block: d, m, (high bits,) nibbles. A group is a step.
template <ElementType type>
void pack_block_with_minimum(const uint8_t* block, int64_t g, int64_t lane, uint8_t* panel) {
  constexpr bool fifth = type == ElementType::q5_1;
  const Place<type> at = place_of_group<type>(panel, g);
  put_f16(at.step, lane, block);
  put_f16(at.step + packed::scales_bytes, lane, block + 2);
  put_low(at.quants(0), lane, block + (fifth ? 8 : 4));
  if constexpr (fifth) put_high_bits(at.quants(0) + packed::low_bytes, lane, word_at(block + 4));
}

// Block: d, then (high bits,) nibbles or 32 bytes. Two groups are a step.
template <ElementType type>
void pack_block_of_pair(const uint8_t* block, int64_t g, int64_t lane, uint8_t* panel) {
  const Place<type> at = place_of_group<type>(panel, g);
  uint8_t* quants = at.quants(g % 2);
  put_f16(at.step + g % 2 * packed::scales_bytes, lane, block);
  if constexpr (type == ElementType::q8_0) {
    put_whole(quants, lane, block + 2);
  } else if constexpr (type == ElementType::q5_0) {
    put_low(quants, lane, block + 6);
    put_high_bits(quants + packed::low_bytes, lane, word_at(block + 2));
  } else {
    put_low(quants, lane, block + 2);
  }
}

// Block: exponent, nibbles. The unit, a power of two from 2^-128 on, is a number of bf16.
void pack_block_mxfp4(const uint8_t* block, int64_t g, int64_t lane, uint8_t* panel) {
  const auto at = place_of_group<ElementType::mxfp4>(panel, g);
  const uint16_t unit = f32_to_bf16(mxfp4_unit(block[0]));
  put_f16(at.step + g % 2 * packed::scales_bytes, lane, reinterpret_cast<const uint8_t*>(&unit));
  put_low(at.quants(g % 2), lane, block + 1);
}

// Block: scales of four halves of groups, whose sign counts for nothing and whose largest number for zero; then each
// half's nibbles, those of its first 8 inputs low.
void pack_block_nvfp4(const uint8_t* block, int64_t b, int64_t lane, uint8_t* panel) {
  const auto at = place_of_group<ElementType::nvfp4>(panel, 2 * b);
  for (int64_t half = 0; half < 4; ++half) {
    at.step[half * lanes + lane] = block[half] == 0x7F ? uint8_t{0} : static_cast<uint8_t>(block[half] & 0x7F);
  }
  for (int64_t g = 0; g < 2; ++g) {
    uint8_t nibbles[32];
    for (int64_t k = 0; k < 32; ++k) {
      nibbles[k] = static_cast<uint8_t>(block[4 + 16 * g + k / 16 * 8 + k % 8] >> k % 16 / 8 * 4);
    }
    put_low(at.quants(g), lane, nibbles, 0);
  }
}

// Block: d, dmin, 12 bytes of scales, (32 bytes of high bits,) 128 bytes of nibbles.
template <ElementType type>
void pack_block_k(const uint8_t* bytes, int64_t b, int64_t lane, uint8_t* panel) {
  constexpr bool fifth = type == ElementType::q5_k;
  const Place<type> at = place_of_block<type>(panel, b);
  const uint8_t* low = bytes + (fifth ? 48 : 16);
  put_f16(at.step, lane, bytes);
  put_f16(at.step + packed::scales_bytes, lane, bytes + 2);
  uint8_t packed_scales[12];
  std::memcpy(packed_scales, bytes + 4, sizeof(packed_scales));
  const GroupScales scales = unpack_group_scales(packed_scales);
  for (int64_t g = 0; g < packed::k_groups; ++g) {
    at.sub_scales()[g * lanes + lane] = scales.scales[g];
    at.sub_scales()[(packed::k_groups + g) * lanes + lane] = scales.mins[g];
    put_low(at.quants(g), lane, low + g / 2 * 32, 4 * (g % 2));
    if constexpr (fifth) put_high_bits(at.quants(g) + packed::low_bytes, lane, bytes + 16, g);
  }
}

template <typename Block>
Block block_at(const uint8_t* bytes) {
  Block block;
  std::memcpy(&block, bytes, sizeof(Block));
  return block;
}

// A half of 128 inputs is four groups, here and in the next ones.
void pack_block_q6_k(const uint8_t* bytes, int64_t b, int64_t lane, uint8_t* panel) {
  const auto block = block_at<BlockQ6_K>(bytes);
  const auto at = place_of_block<ElementType::q6_k>(panel, b);
  put_f32(at.step, lane, f16_to_f32(block.scale));
  for (int64_t i = 0; i < 16; ++i) at.sub_scales()[i * lanes + lane] = static_cast<uint8_t>(block.scales[i]);
  for (int64_t g = 0; g < packed::k_groups; ++g) {
    const int64_t quarter = g % 4;
    put_low(at.quants(g), lane, block.low_bits + g / 4 * 64 + quarter % 2 * 32, quarter < 2 ? 0 : 4);
    put_pairs(at.quants(g) + packed::low_bytes, lane, block.high_bits + g / 4 * 32, 2 * quarter);
  }
}

void pack_block_q3_k(const uint8_t* bytes, int64_t b, int64_t lane, uint8_t* panel) {
  const auto block = block_at<BlockQ3_K>(bytes);
  const auto at = place_of_block<ElementType::q3_k>(panel, b);
  int8_t scales[16];
  unpack_q3_scales(block.scales, scales);
  put_f32(at.step, lane, f16_to_f32(block.scale));
  for (int64_t i = 0; i < 16; ++i) at.sub_scales()[i * lanes + lane] = static_cast<uint8_t>(scales[i]);
  for (int64_t g = 0; g < packed::k_groups; ++g) {
    put_pairs(at.quants(g), lane, block.quants + g / 4 * 32, 2 * (g % 4));
    put_high_bits(at.quants(g) + packed::pairs_bytes, lane, block.high_bits, g);
  }
}

void pack_block_q2_k(const uint8_t* bytes, int64_t b, int64_t lane, uint8_t* panel) {
  const auto block = block_at<BlockQ2_K>(bytes);
  const auto at = place_of_block<ElementType::q2_k>(panel, b);
  put_f16(at.step, lane, bytes + 80);
  put_f16(at.step + packed::scales_bytes, lane, bytes + 82);
  for (int64_t i = 0; i < 16; ++i) at.sub_scales()[i * lanes + lane] = block.scales[i];
  for (int64_t g = 0; g < packed::k_groups; ++g) {
    put_pairs(at.quants(g), lane, block.quants + g / 4 * 32, 2 * (g % 4));
  }
}

void pack_block_tq2_0(const uint8_t* bytes, int64_t b, int64_t lane, uint8_t* panel) {
  const auto block = block_at<BlockTQ2_0>(bytes);
  const auto at = place_of_block<ElementType::tq2_0>(panel, b);
  put_f32(at.step, lane, f16_to_f32(block.scale));
  for (int64_t g = 0; g < packed::k_groups; ++g) {
    put_pairs(at.quants(g), lane, block.quants + g / 4 * 32, 2 * (g % 4));
  }
}

void pack_block_tq1_0(const uint8_t* bytes, int64_t b, int64_t lane, uint8_t* panel) {
  const auto block = block_at<BlockTQ1_0>(bytes);
  const auto at = place_of_block<ElementType::tq1_0>(panel, b);
  uint8_t digits[256];
  unpack_ternary(block, digits);
  put_f32(at.step, lane, f16_to_f32(block.scale));
  for (int64_t g = 0; g < packed::k_groups; ++g) put_pairs(at.quants(g), lane, digits + g * quant_group, 0);
}

void pack_block_iq4_xs(const uint8_t* bytes, int64_t b, int64_t lane, uint8_t* panel) {
  const auto block = block_at<BlockIQ4_XS>(bytes);
  const auto at = place_of_block<ElementType::iq4_xs>(panel, b);
  int8_t scales[8];
  unpack_iq4_scales(block, scales);
  put_f32(at.step, lane, f16_to_f32(block.scale));
  for (int64_t g = 0; g < packed::k_groups; ++g) {
    at.sub_scales()[g * lanes + lane] = static_cast<uint8_t>(scales[g]);
    put_low(at.quants(g), lane, block.quants + g * 16);
  }
}

// The packed bits of each number.
constexpr std::array<uint8_t, 256> bits_of_numbers(const packed::Quants& quants) {
  std::array<uint8_t, 256> bits{};
  for (int i = 1 << quants.bits; i-- > 0;) bits[quants.codes[i]] = static_cast<uint8_t>(i);
  return bits;
}

// Blocks whose codes stand for several elements: their elements are packed one by one.
template <ElementType type, typename Block>
void pack_block_of_codes(const uint8_t* bytes, int64_t b, int64_t lane, uint8_t* panel) {
  constexpr packed::Quants quants = packed::layout_of(type).quants;
  constexpr bool has_halves = packed::layout_of(type).scales == packed::Scales::super_halves;
  static constexpr std::array<uint8_t, 256> bits_of_number = bits_of_numbers(quants);
  const ScaledQuants block = take_apart(block_at<Block>(bytes));
  const Place<type> at = place_of_block<type>(panel, b);
  put_f32(at.step, lane, block.scale);
  constexpr int64_t scale_count = has_halves ? 16 : 8;
  for (int64_t i = 0; i < scale_count; ++i) {
    at.sub_scales()[i * lanes + lane] = static_cast<uint8_t>(block.group_scales[has_halves ? i : 2 * i]);
  }
  for (int64_t g = 0; g < packed::k_groups; ++g) {
    uint8_t bits[quant_group];
    for (int64_t k = 0; k < quant_group; ++k) {
      bits[k] = bits_of_number[static_cast<uint8_t>(block.quants[g * quant_group + k] + quants.offset)];
    }
    if constexpr (quants.bits == 3) {
      put_pairs(at.quants(g), lane, bits, 0);
      put_high_bits(at.quants(g) + packed::pairs_bytes, lane, bits, 2);
    } else {
      put_low(at.quants(g), lane, bits, 0);
    }
  }
}

constexpr bool are_codes(const std::array<int8_t, 16>& values, const packed::Quants& quants) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (quants.codes[i] != values[i] + quants.offset) return false;
  }
  return true;
}
static_assert(are_codes(iq4_values, packed::iq4) && are_codes(fp4_values, packed::fp4));

// A value is a block and a step.
template <typename Bits>
void pack_value(const uint8_t* value, int64_t k, int64_t lane, uint8_t* panel) {
  std::memcpy(panel + (k * lanes + lane) * static_cast<int64_t>(sizeof(Bits)), value, sizeof(Bits));
}

// Two inputs of an output lie side by side.
void pack_value_of_pair(const uint8_t* value, int64_t k, int64_t lane, uint8_t* panel) {
  std::memcpy(panel + k / 2 * line_bytes + lane * word_bytes + k % 2 * 2, value, 2);
}

// Packs block b of one output, at `lane` of its panel.
using PackBlock = void (*)(const uint8_t* block, int64_t b, int64_t lane, uint8_t* panel);

// Block after block of all outputs, so that the panel is written once from end to end.
template <ElementType type, PackBlock pack_block>
void pack_panel(const uint8_t* rows, int64_t inputs, int64_t outputs, uint8_t* panel) {
  constexpr ElementTraits traits = element_traits(type);
  const int64_t row_bytes = row_size_bytes(type, inputs);
  for (int64_t b = 0; b < inputs / traits.block_elements; ++b) {
    for (int64_t lane = 0; lane < outputs; ++lane) {
      pack_block(rows + lane * row_bytes + b * traits.block_bytes, b, lane, panel);
    }
  }
}

// `rows` are the panel's own `outputs`, at most 16.
using PackPanel = void (*)(const uint8_t* rows, int64_t inputs, int64_t outputs, uint8_t* panel);

struct Packer {
  ElementType type;
  PackPanel pack;
};

template <ElementType type, PackBlock pack_block>
constexpr Packer packer = {type, pack_panel<type, pack_block>};

constexpr Packer packers[] = {
    packer<ElementType::f32, pack_value<uint32_t>>,
    packer<ElementType::f16, pack_value<uint16_t>>,
    packer<ElementType::bf16, pack_value_of_pair>,
    packer<ElementType::q8_0, pack_block_of_pair<ElementType::q8_0>>,
    packer<ElementType::q4_0, pack_block_of_pair<ElementType::q4_0>>,
    packer<ElementType::q5_0, pack_block_of_pair<ElementType::q5_0>>,
    packer<ElementType::iq4_nl, pack_block_of_pair<ElementType::iq4_nl>>,
    packer<ElementType::mxfp4, pack_block_mxfp4>,
    packer<ElementType::nvfp4, pack_block_nvfp4>,
    packer<ElementType::q4_1, pack_block_with_minimum<ElementType::q4_1>>,
    packer<ElementType::q5_1, pack_block_with_minimum<ElementType::q5_1>>,
    packer<ElementType::q4_k, pack_block_k<ElementType::q4_k>>,
    packer<ElementType::q5_k, pack_block_k<ElementType::q5_k>>,
    packer<ElementType::q6_k, pack_block_q6_k>,
    packer<ElementType::q3_k, pack_block_q3_k>,
    packer<ElementType::q2_k, pack_block_q2_k>,
    packer<ElementType::iq4_xs, pack_block_iq4_xs>,
    packer<ElementType::iq3_s, pack_block_of_codes<ElementType::iq3_s, BlockIQ3_S>>,
    packer<ElementType::iq3_xxs, pack_block_of_codes<ElementType::iq3_xxs, BlockIQ3_XXS>>,
    packer<ElementType::iq2_s, pack_block_of_codes<ElementType::iq2_s, BlockIQ2_S>>,
    packer<ElementType::iq2_xs, pack_block_of_codes<ElementType::iq2_xs, BlockIQ2_XS>>,
    packer<ElementType::iq2_xxs, pack_block_of_codes<ElementType::iq2_xxs, BlockIQ2_XXS>>,
    packer<ElementType::iq1_m, pack_block_of_codes<ElementType::iq1_m, BlockIQ1_M>>,
    packer<ElementType::iq1_s, pack_block_of_codes<ElementType::iq1_s, BlockIQ1_S>>,
    packer<ElementType::tq2_0, pack_block_tq2_0>,
    packer<ElementType::tq1_0, pack_block_tq1_0>,
};

PackPanel pack_panel_of(ElementType type) { return std::ranges::find(packers, type, &Packer::type)->pack; }

}  // namespace

bool reads_quantized_activations(ElementType type) { return element_traits(type).block_elements > 1; }

size_t packed_size_bytes(ElementType type, int64_t outputs, int64_t inputs) {
  QUIRE_CHECK(inputs % element_traits(type).block_elements == 0, "a row is a whole number of blocks");
  const int64_t panels = (outputs + panel_outputs - 1) / panel_outputs;
  return static_cast<size_t>(panels * packed::panel_bytes(type, inputs));
}

void pack_panels(ElementType type, int64_t outputs, int64_t inputs, const std::byte* rows, int64_t panel_begin,
                 int64_t panel_end, std::byte* packed_bytes) {
  const PackPanel pack = pack_panel_of(type);
  const int64_t panel_size = packed::panel_bytes(type, inputs);
  const int64_t row_bytes = row_size_bytes(type, inputs);
  for (int64_t p = panel_begin; p < panel_end; ++p) {
    auto* panel = reinterpret_cast<uint8_t*>(packed_bytes) + p * panel_size;
    std::memset(panel, 0, static_cast<size_t>(panel_size));
    const int64_t first = p * panel_outputs;
    pack(reinterpret_cast<const uint8_t*>(rows) + first * row_bytes, inputs, std::min(panel_outputs, outputs - first),
         panel);
  }
}

}  // namespace quire
