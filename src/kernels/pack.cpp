// From rows of GGUF blocks to panels. Block layouts: ggml-org/ggml, src/ggml-common.h.
//
// Everything is moved in words: four bytes that belong to four consecutive inputs of one output, in the file as in the
// panel (kernels/packed_layout.h), whatever the bits of a byte mean.
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/kernels.h"
#include "kernels/packed_layout.h"

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

// Bit k of `bits` is the fifth bit of input k.
void put_fifth(uint8_t* fifth, int64_t lane, uint32_t bits) {
  uint32_t word = 0;
  for (int64_t j = 0; j < 8; ++j) {
    const uint32_t four = (bits >> 4 * j) & 15;
    word |= (four * 0x00204081 & 0x01010101) << j;  // bit i of them becomes bit 0 of byte i
  }
  put_word(fifth, lane, word);
}

// 32 bytes, an input each: the fifth bit is bit `shift`.
void put_fifth(uint8_t* fifth, int64_t lane, const uint8_t* bytes, int64_t shift) {
  uint32_t word = 0;
  for (int64_t j = 0; j < 8; ++j) word |= (word_at(bytes + j * word_bytes) >> shift & 0x01010101) << j;
  put_word(fifth, lane, word);
}

// 32 bytes, an input each: bits 4 and 5 are the two from `shift` on.
void put_sixth(uint8_t* sixth, int64_t lane, const uint8_t* bytes, int64_t shift) {
  for (int64_t half = 0; half < 2; ++half) {
    uint32_t word = 0;
    for (int64_t j = 0; j < 4; ++j) {
      word |= (word_at(bytes + 16 * half + j * word_bytes) >> shift & 0x03030303) << 2 * j;
    }
    put_word(sixth + half * line_bytes, lane, word);
  }
}

// 32 bytes, an input each, signed: 128 is added.
void put_whole(uint8_t* whole, int64_t lane, const uint8_t* bytes) {
  for (int64_t j = 0; j < 8; ++j) {
    put_word(whole + j * line_bytes, lane, word_at(bytes + j * word_bytes) ^ 0x80808080);
  }
}

// Block: d, m, (high bits,) nibbles. A group is a step.
template <ElementType type>
void pack_block_with_minimum(const uint8_t* block, int64_t g, int64_t lane, uint8_t* panel) {
  constexpr bool fifth = type == ElementType::q5_1;
  uint8_t* base = panel + g * packed::step_of(type).bytes;
  put_f16(base, lane, block);
  put_f16(base + packed::scales_bytes, lane, block + 2);
  uint8_t* low = base + 2 * packed::scales_bytes;
  put_low(low, lane, block + (fifth ? 8 : 4));
  if constexpr (fifth) put_fifth(low + packed::low_bytes, lane, word_at(block + 4));
}

// Block: d, then (high bits,) nibbles or 32 bytes. Two groups are a step.
template <ElementType type>
void pack_block_of_pair(const uint8_t* block, int64_t g, int64_t lane, uint8_t* panel) {
  constexpr packed::Step step = packed::step_of(type);
  constexpr int64_t quants_bytes = step.bytes / 2 - packed::scales_bytes;
  uint8_t* base = panel + g / 2 * step.bytes;
  uint8_t* quants = base + 2 * packed::scales_bytes + g % 2 * quants_bytes;
  put_f16(base + g % 2 * packed::scales_bytes, lane, block);
  if constexpr (type == ElementType::q8_0) {
    put_whole(quants, lane, block + 2);
  } else if constexpr (type == ElementType::q5_0) {
    put_low(quants, lane, block + 6);
    put_fifth(quants + packed::low_bytes, lane, word_at(block + 2));
  } else {
    put_low(quants, lane, block + 2);
  }
}

// The 6-bit scale and minimum of group g of a Q4_K or Q5_K block.
struct SubScale {
  uint8_t scale;
  uint8_t minimum;
};

SubScale sub_scale(const uint8_t* bytes, int64_t g) {
  if (g < 4) return {static_cast<uint8_t>(bytes[g] & 63), static_cast<uint8_t>(bytes[g + 4] & 63)};
  return {static_cast<uint8_t>((bytes[g + 4] & 15) | (bytes[g - 4] >> 6) << 4),
          static_cast<uint8_t>((bytes[g + 4] >> 4) | (bytes[g] >> 6) << 4)};
}

// Block: d, dmin, 12 bytes of scales, (32 bytes of high bits,) 128 bytes of nibbles.
template <ElementType type>
void pack_block_k(const uint8_t* block, int64_t b, int64_t lane, uint8_t* panel) {
  constexpr bool fifth = type == ElementType::q5_k;
  uint8_t* base = panel + b * packed::step_of(type).bytes;
  const uint8_t* high = block + 16;
  const uint8_t* low = block + (fifth ? 48 : 16);
  put_f16(base, lane, block);
  put_f16(base + packed::scales_bytes, lane, block + 2);
  uint8_t* scales = base + packed::k_head_bytes;
  for (int64_t g = 0; g < packed::k_groups; ++g) {
    const SubScale sub = sub_scale(block + 4, g);
    scales[g * lanes + lane] = sub.scale;
    scales[(packed::k_groups + g) * lanes + lane] = sub.minimum;
    uint8_t* at = base + packed::k_quants_offset + g * (packed::low_bytes + (fifth ? packed::fifth_bytes : 0));
    put_low(at, lane, low + g / 2 * 32, 4 * (g % 2));
    if constexpr (fifth) put_fifth(at + packed::low_bytes, lane, high, g);
  }
}

// Block: 128 bytes of low bits, 64 of high ones, 16 int8 scales, d. Each half of 128 inputs is four groups.
void pack_block_q6_k(const uint8_t* block, int64_t b, int64_t lane, uint8_t* panel) {
  uint8_t* base = panel + b * packed::step_of(ElementType::q6_k).bytes;
  put_f16(base, lane, block + 208);
  for (int64_t g = 0; g < packed::k_groups; ++g) {
    const int64_t half = g / 4;
    const int64_t quarter = g % 4;
    uint8_t* scales = base + packed::k_head_bytes + 2 * g * lanes;
    scales[lane] = block[192 + 2 * g];
    scales[lanes + lane] = block[192 + 2 * g + 1];
    uint8_t* at = base + packed::k_quants_offset + g * (packed::low_bytes + packed::sixth_bytes);
    put_low(at, lane, block + half * 64 + quarter % 2 * 32, quarter < 2 ? 0 : 4);
    put_sixth(at + packed::low_bytes, lane, block + 128 + half * 32, 2 * quarter);
  }
}

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

PackPanel pack_panel_of(ElementType type) {
  using enum ElementType;
  switch (type) {
    case f32:
      return pack_panel<f32, pack_value<uint32_t>>;
    case f16:
      return pack_panel<f16, pack_value<uint16_t>>;
    case bf16:
      return pack_panel<bf16, pack_value_of_pair>;
    case q4_0:
      return pack_panel<q4_0, pack_block_of_pair<q4_0>>;
    case q5_0:
      return pack_panel<q5_0, pack_block_of_pair<q5_0>>;
    case q8_0:
      return pack_panel<q8_0, pack_block_of_pair<q8_0>>;
    case q4_1:
      return pack_panel<q4_1, pack_block_with_minimum<q4_1>>;
    case q5_1:
      return pack_panel<q5_1, pack_block_with_minimum<q5_1>>;
    case q4_k:
      return pack_panel<q4_k, pack_block_k<q4_k>>;
    case q5_k:
      return pack_panel<q5_k, pack_block_k<q5_k>>;
    case q6_k:
      return pack_panel<q6_k, pack_block_q6_k>;
    default:
      return nullptr;
  }
}

}  // namespace

bool has_kernels(ElementType type) { return pack_panel_of(type) != nullptr; }

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
