// From rows of GGUF blocks to panels. Block layouts: ggml-org/ggml, src/ggml-common.h.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "kernels/kernels.h"
#include "kernels/packed_layout.h"

namespace quire {
namespace {

using packed::lanes;
using Quants = std::array<uint8_t, quant_group>;  // of one group, unsigned, in the order of inputs

// Places of one output's numbers inside a group. `lane` is the output's place in its panel.

void put_low(uint8_t* low, int64_t lane, const Quants& quants) {
  for (size_t k = 0; k < 16; ++k) {
    low[k / 4 * 64 + static_cast<size_t>(lane) * 4 + k % 4] =
        static_cast<uint8_t>((quants[k] & 15) | (quants[k + 16] & 15) << 4);
  }
}

void put_fifth(uint8_t* fifth, int64_t lane, const Quants& quants) {
  for (size_t i = 0; i < 4; ++i) {
    unsigned bits = 0;
    for (size_t j = 0; j < 8; ++j) bits |= ((quants[4 * j + i] >> 4) & 1U) << j;
    fifth[static_cast<size_t>(lane) * 4 + i] = static_cast<uint8_t>(bits);
  }
}

void put_sixth(uint8_t* sixth, int64_t lane, const Quants& quants) {
  for (size_t half = 0; half < 2; ++half) {
    for (size_t i = 0; i < 4; ++i) {
      unsigned bits = 0;
      for (size_t j = 0; j < 4; ++j) bits |= ((quants[16 * half + 4 * j + i] >> 4) & 3U) << (2 * j);
      sixth[half * 64 + static_cast<size_t>(lane) * 4 + i] = static_cast<uint8_t>(bits);
    }
  }
}

void put_whole(uint8_t* whole, int64_t lane, const Quants& quants) {
  for (size_t k = 0; k < 32; ++k) whole[k / 4 * 64 + static_cast<size_t>(lane) * 4 + k % 4] = quants[k];
}

void put_f16(uint8_t* scales, int64_t lane, const uint8_t* half) { std::memcpy(scales + 2 * lane, half, 2); }

Quants nibbles(const uint8_t* bytes) {
  Quants quants;
  for (size_t k = 0; k < 16; ++k) {
    quants[k] = bytes[k] & 15;
    quants[k + 16] = bytes[k] >> 4;
  }
  return quants;
}

void add_high_bits(Quants& quants, const uint8_t* bytes) {
  uint32_t bits = 0;
  std::memcpy(&bits, bytes, 4);
  for (size_t k = 0; k < 32; ++k) quants[k] = static_cast<uint8_t>(quants[k] | ((bits >> k) & 1U) << 4);
}

// One block of 32 inputs: group g of the output at `lane`.
void pack_block_32(ElementType type, const uint8_t* block, int64_t g, int64_t lane, uint8_t* panel) {
  const packed::Step step = packed::step_of(type);
  const bool fifth = type == ElementType::q5_0 || type == ElementType::q5_1;
  if (step.inputs == quant_group) {  // Q4_1, Q5_1: d, m, (high bits,) nibbles
    uint8_t* base = panel + g * step.bytes;
    put_f16(base, lane, block);
    put_f16(base + packed::scales_bytes, lane, block + 2);
    Quants quants = nibbles(block + (fifth ? 8 : 4));
    put_low(base + 64, lane, quants);
    if (fifth) {
      add_high_bits(quants, block + 4);
      put_fifth(base + 64 + packed::low_bytes, lane, quants);
    }
    return;
  }
  uint8_t* base = panel + g / 2 * step.bytes;
  uint8_t* at = base + 64 + g % 2 * (step.bytes - 64) / 2;
  put_f16(base + g % 2 * packed::scales_bytes, lane, block);
  if (type == ElementType::q8_0) {
    Quants quants;
    for (size_t k = 0; k < 32; ++k) quants[k] = static_cast<uint8_t>(block[2 + k] ^ 0x80U);  // + 128
    put_whole(at, lane, quants);
    return;
  }
  Quants quants = nibbles(block + (fifth ? 6 : 2));
  put_low(at, lane, quants);
  if (fifth) {
    add_high_bits(quants, block + 2);
    put_fifth(at + packed::low_bytes, lane, quants);
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
void pack_block_q4_k(ElementType type, const uint8_t* block, int64_t lane, uint8_t* base) {
  const bool fifth = type == ElementType::q5_k;
  const uint8_t* high = block + 16;
  const uint8_t* low = block + (fifth ? 48 : 16);
  put_f16(base, lane, block);
  put_f16(base + packed::scales_bytes, lane, block + 2);
  uint8_t* scales = base + packed::k_head_bytes;
  for (int64_t g = 0; g < packed::k_groups; ++g) {
    const SubScale sub = sub_scale(block + 4, g);
    scales[g * lanes + lane] = sub.scale;
    scales[(packed::k_groups + g) * lanes + lane] = sub.minimum;
    Quants quants;
    for (size_t k = 0; k < 32; ++k) {
      unsigned quant = (static_cast<unsigned>(low[g / 2 * 32 + static_cast<int64_t>(k)]) >> (4 * (g % 2))) & 15U;
      if (fifth) quant |= ((static_cast<unsigned>(high[k]) >> g) & 1U) << 4;
      quants[k] = static_cast<uint8_t>(quant);
    }
    uint8_t* at = base + packed::k_quants_offset + g * (packed::low_bytes + (fifth ? packed::fifth_bytes : 0));
    put_low(at, lane, quants);
    if (fifth) put_fifth(at + packed::low_bytes, lane, quants);
  }
}

// Block: 128 bytes of low bits, 64 of high ones, 16 int8 scales, d. Each half of 128 inputs is four groups.
void pack_block_q6_k(const uint8_t* block, int64_t lane, uint8_t* base) {
  put_f16(base, lane, block + 208);
  for (int64_t g = 0; g < packed::k_groups; ++g) {
    const int64_t half = g / 4;
    const int64_t quarter = g % 4;
    const uint8_t* low = block + half * 64 + quarter % 2 * 32;
    const uint8_t* high = block + 128 + half * 32;
    Quants quants;
    for (size_t k = 0; k < 32; ++k) {
      const unsigned low_bits = (static_cast<unsigned>(low[k]) >> (quarter < 2 ? 0 : 4)) & 15U;
      const unsigned high_bits = (static_cast<unsigned>(high[k]) >> (2 * quarter)) & 3U;
      quants[k] = static_cast<uint8_t>(low_bits | high_bits << 4);
    }
    uint8_t* scales = base + packed::k_head_bytes + 2 * g * lanes;
    scales[lane] = block[192 + 2 * g];
    scales[lanes + lane] = block[192 + 2 * g + 1];
    uint8_t* at = base + packed::k_quants_offset + g * (packed::low_bytes + packed::sixth_bytes);
    put_low(at, lane, quants);
    put_sixth(at + packed::low_bytes, lane, quants);
  }
}

void pack_row(ElementType type, const uint8_t* row, int64_t inputs, int64_t lane, uint8_t* panel) {
  const ElementTraits traits = element_traits(type);
  const packed::Step step = packed::step_of(type);
  const int64_t blocks = inputs / traits.block_elements;
  if (traits.block_elements == 1) {
    const size_t size = static_cast<size_t>(traits.block_bytes);
    for (int64_t k = 0; k < inputs; ++k) {
      std::memcpy(panel + (k * lanes + lane) * traits.block_bytes, row + k * traits.block_bytes, size);
    }
    return;
  }
  for (int64_t b = 0; b < blocks; ++b) {
    const uint8_t* block = row + b * traits.block_bytes;
    if (traits.block_elements == quant_group) {
      pack_block_32(type, block, b, lane, panel);
    } else if (type == ElementType::q6_k) {
      pack_block_q6_k(block, lane, panel + b * step.bytes);
    } else {
      pack_block_q4_k(type, block, lane, panel + b * step.bytes);
    }
  }
}

}  // namespace

bool reads_quantized_activations(ElementType type) { return element_traits(type).block_elements > 1; }

size_t packed_size_bytes(ElementType type, int64_t outputs, int64_t inputs) {
  QUIRE_CHECK(inputs % element_traits(type).block_elements == 0, "a row is a whole number of blocks");
  const int64_t panels = (outputs + panel_outputs - 1) / panel_outputs;
  return static_cast<size_t>(panels * packed::panel_bytes(type, inputs));
}

void pack_panels(ElementType type, int64_t outputs, int64_t inputs, const std::byte* rows, int64_t panel_begin,
                 int64_t panel_end, std::byte* packed_bytes) {
  const int64_t panel_size = packed::panel_bytes(type, inputs);
  const int64_t row_bytes = row_size_bytes(type, inputs);
  for (int64_t p = panel_begin; p < panel_end; ++p) {
    auto* panel = reinterpret_cast<uint8_t*>(packed_bytes) + p * panel_size;
    std::memset(panel, 0, static_cast<size_t>(panel_size));
    const int64_t first = p * panel_outputs;
    for (int64_t lane = 0; lane < std::min(panel_outputs, outputs - first); ++lane) {
      pack_row(type, reinterpret_cast<const uint8_t*>(rows) + (first + lane) * row_bytes, inputs, lane, panel);
    }
  }
}

}  // namespace quire
