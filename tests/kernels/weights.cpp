#include "kernels/weights.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "tensor/dequantize.h"

namespace quire::test {
namespace {

int64_t random_below(Random& random, int64_t limit) {
  return std::uniform_int_distribution<int64_t>(0, limit - 1)(random);
}

uint16_t load_u16(const uint8_t* bytes) { return static_cast<uint16_t>(bytes[0] | bytes[1] << 8); }

uint32_t load_u32(const uint8_t* bytes) { return load_u16(bytes) | static_cast<uint32_t>(load_u16(bytes + 2)) << 16; }

// Where a block's f16 numbers are.
std::vector<size_t> f16_offsets(ElementType type) {
  switch (type) {
    case ElementType::mxfp4:
    case ElementType::nvfp4:
    case ElementType::iq1_m:
      return {};
    case ElementType::q4_1:
    case ElementType::q5_1:
    case ElementType::q4_k:
    case ElementType::q5_k:
      return {0, 2};
    case ElementType::q2_k:
      return {80, 82};
    case ElementType::q6_k:
    case ElementType::q3_k:
    case ElementType::tq1_0:
    case ElementType::tq2_0:  // at the end
      return {static_cast<size_t>(element_traits(type).block_bytes) - 2};
    default:
      return {0};
  }
}

// Scales of the types that have none of these.
void put_scale(ElementType type, std::byte* block, Random& random) {
  if (type == ElementType::mxfp4) block[0] = static_cast<std::byte>(112 + random_below(random, 24));
  if (type != ElementType::iq1_m) return;
  const uint16_t half = random_f16(random);  // a nibble on top of each word
  for (int i = 0; i < 4; ++i) {
    std::byte& byte = block[48 + 2 * i + 1];
    byte = (byte & std::byte{0x0F}) | static_cast<std::byte>((half >> 4 * i & 15) << 4);
  }
}

// A weight as product + minimum.
struct Parts {
  double product;
  double minimum = 0;
};

void dequantize_32(ElementType type, const uint8_t* block, Parts* out) {
  const double d = f16_value(load_u16(block));
  for (int k = 0; k < 32; ++k) {
    const auto nibble = [&](int offset) { return (block[offset + k % 16] >> (k < 16 ? 0 : 4)) & 15; };
    const auto bit = [&](int offset) { return static_cast<int>((load_u32(block + offset) >> k) & 1U) << 4; };
    const double m = f16_value(load_u16(block + 2));
    switch (type) {
      case ElementType::q4_0:
        out[k] = {d * (nibble(2) - 8)};
        break;
      case ElementType::q4_1:
        out[k] = {d * nibble(4), m};
        break;
      case ElementType::q5_0:
        out[k] = {d * ((nibble(6) | bit(2)) - 16)};
        break;
      case ElementType::q5_1:
        out[k] = {d * (nibble(8) | bit(4)), m};
        break;
      default:
        out[k] = {d * static_cast<int8_t>(block[2 + k])};
        break;
    }
  }
}

void dequantize_k4(ElementType type, const uint8_t* block, Parts* out) {
  const bool five = type == ElementType::q5_k;
  const uint8_t* s = block + 4;
  const uint8_t* low = block + (five ? 48 : 16);
  for (int k = 0; k < 256; ++k) {
    const int g = k / 32;
    const int scale = g < 4 ? s[g] & 63 : (s[g + 4] & 15) | (s[g - 4] >> 6 << 4);
    const int minimum = g < 4 ? s[g + 4] & 63 : s[g + 4] >> 4 | (s[g] >> 6 << 4);
    int quant = (low[k / 64 * 32 + k % 32] >> (k % 64 < 32 ? 0 : 4)) & 15;
    if (five) quant |= ((block[16 + k % 32] >> g) & 1) << 4;
    out[k] = {f16_value(load_u16(block)) * scale * quant, -f16_value(load_u16(block + 2)) * minimum};
  }
}

void dequantize_q2_k(const uint8_t* block, Parts* out) {
  for (int k = 0; k < 256; ++k) {
    const int quant = (block[16 + k / 128 * 32 + k % 32] >> (2 * (k % 128 / 32))) & 3;
    const int scales = block[k / 16];
    out[k] = {f16_value(load_u16(block + 80)) * (scales & 15) * quant,
              -f16_value(load_u16(block + 82)) * (scales >> 4)};
  }
}

// Types without minima whose values are exact in f32, by what tests/tensor compares with another implementation.
void dequantize_exact(const ElementTraits& traits, const uint8_t* block, Parts* out) {
  std::array<float, 256> values;
  dequantize(traits.type, reinterpret_cast<const std::byte*>(block), traits.block_elements, values.data());
  for (int64_t k = 0; k < traits.block_elements; ++k) out[k] = {values[static_cast<size_t>(k)]};
}

void dequantize_q6_k(const uint8_t* block, Parts* out) {
  for (int k = 0; k < 256; ++k) {
    const int in_half = k % 128;
    const int low = (block[k / 128 * 64 + in_half % 64] >> (in_half < 64 ? 0 : 4)) & 15;
    const int high = (block[128 + k / 128 * 32 + k % 32] >> (2 * (in_half / 32))) & 3;
    out[k] = {f16_value(load_u16(block + 208)) * static_cast<int8_t>(block[192 + k / 16]) * ((low | high << 4) - 32)};
  }
}

double dequantize_one(ElementType type, const uint8_t* bytes) {
  if (type == ElementType::f32) return std::bit_cast<float>(load_u32(bytes));
  if (type == ElementType::f16) return f16_value(load_u16(bytes));
  return std::bit_cast<float>(static_cast<uint32_t>(load_u16(bytes)) << 16);
}

}  // namespace

double f16_value(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

uint16_t random_f16(Random& random) {
  const int64_t kind = random_below(random, 16);
  const auto sign = static_cast<uint16_t>(random_below(random, 2) << 15);
  if (kind == 0) return sign;                                                      // zero
  if (kind == 1) return static_cast<uint16_t>(sign | random_below(random, 1024));  // subnormal
  return static_cast<uint16_t>(sign | (5 + random_below(random, 10)) << 10 | random_below(random, 1024));
}

std::vector<std::byte> random_rows(ElementType type, int64_t outputs, int64_t inputs, Random& random) {
  const ElementTraits traits = element_traits(type);
  const size_t size = static_cast<size_t>(outputs * row_size_bytes(type, inputs));
  const size_t block_bytes = static_cast<size_t>(traits.block_bytes);
  std::vector<std::byte> rows(size);
  for (size_t at = 0; at < size; at += block_bytes) {
    if (traits.block_elements == 1) {
      const float value = std::normal_distribution<float>(0.0F, 0.1F)(random);
      const uint32_t bits = std::bit_cast<uint32_t>(value);
      const uint16_t half = type == ElementType::f16 ? random_f16(random) : static_cast<uint16_t>(bits >> 16);
      if (type == ElementType::f32) {
        std::memcpy(&rows[at], &bits, 4);
      } else {
        std::memcpy(&rows[at], &half, 2);
      }
      continue;
    }
    for (size_t i = 0; i < block_bytes; ++i) rows[at + i] = static_cast<std::byte>(random() & 255);
    for (const size_t offset : f16_offsets(type)) {
      const uint16_t half = random_f16(random);
      std::memcpy(&rows[at + offset], &half, 2);
    }
    put_scale(type, &rows[at], random);
  }
  return rows;
}

Dequantized dequantize_rows(ElementType type, const std::vector<std::byte>& rows, int64_t outputs, int64_t inputs) {
  const ElementTraits traits = element_traits(type);
  Dequantized result;
  std::vector<Parts> parts(static_cast<size_t>(traits.block_elements));
  const auto* bytes = reinterpret_cast<const uint8_t*>(rows.data());
  for (int64_t b = 0; b < outputs * inputs / traits.block_elements; ++b) {
    const uint8_t* block = bytes + b * traits.block_bytes;
    switch (type) {
      case ElementType::f32:
      case ElementType::f16:
      case ElementType::bf16:
        parts[0] = {dequantize_one(type, block)};
        break;
      case ElementType::q8_0:
      case ElementType::q4_0:
      case ElementType::q4_1:
      case ElementType::q5_0:
      case ElementType::q5_1:
        dequantize_32(type, block, parts.data());
        break;
      case ElementType::q4_k:
      case ElementType::q5_k:
        dequantize_k4(type, block, parts.data());
        break;
      case ElementType::q6_k:
        dequantize_q6_k(block, parts.data());
        break;
      case ElementType::q2_k:
        dequantize_q2_k(block, parts.data());
        break;
      default:
        dequantize_exact(traits, block, parts.data());
        break;
    }
    for (const Parts& part : parts) {
      result.values.push_back(part.product + part.minimum);
      result.magnitudes.push_back(std::abs(part.product) + std::abs(part.minimum));
    }
  }
  return result;
}

std::vector<float> random_floats(int64_t count, Random& random, float magnitude) {
  std::normal_distribution<float> normal(0.0F, magnitude);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

Packed::Packed(ElementType type, int64_t outputs, int64_t inputs, const std::vector<std::byte>& rows) {
  const size_t size = packed_size_bytes(type, outputs, inputs);
  storage_.resize(size + 64);
  const size_t misalignment = reinterpret_cast<uintptr_t>(storage_.data()) % 64;
  std::byte* bytes = storage_.data() + (64 - misalignment) % 64;
  pack_panels(type, outputs, inputs, rows.data(), 0, (outputs + panel_outputs - 1) / panel_outputs, bytes);
  matrix_ = {.type = type, .outputs = outputs, .inputs = inputs, .bytes = bytes};
}

Rows::Rows(const KernelTable& table, std::vector<float> the_values, int64_t rows, int64_t inputs)
    : values(std::move(the_values)), table_(table), rows_(rows), inputs_(inputs) {
  const KernelTable& rounding = table.round_activations != nullptr ? table : avx512_bf16_specification();
  rounded.resize(static_cast<size_t>(rows * ((inputs + 1) / 2 * 2)));
  rounding.round_activations(values.data(), rows, inputs, rounded.data());
}

Activations Rows::rows(int64_t begin, int64_t count, int64_t tile_rows) const {
  Activations x{.rows = count,
                .inputs = inputs_,
                .values = values.data() + begin * inputs_,
                .rounded = rounded.data() + begin * ((inputs_ + 1) / 2 * 2)};
  if (inputs_ % quant_group != 0) return x;
  const int64_t row_bytes = inputs_ / quant_group * quantized_group_bytes;
  std::vector<std::byte>& form = forms_.emplace_back(static_cast<size_t>(count * row_bytes));
  for (int64_t i = 0; i < row_tile_count(count, tile_rows); ++i) {
    const RowTile tile = row_tile(count, tile_rows, i);
    table_.quantize_activations({.x = x.values + tile.begin * inputs_,
                                 .rows = tile.height(),
                                 .inputs = inputs_,
                                 .tile = form.data() + tile.begin * row_bytes});
  }
  x.quantized = form.data();
  x.tile_rows = tile_rows;
  return x;
}

std::vector<QuantizedGroup> Rows::groups(int64_t tile_rows) const {
  const Activations x = rows(0, rows_, tile_rows);
  const int64_t row_groups = inputs_ / quant_group;
  std::vector<QuantizedGroup> result(static_cast<size_t>(rows_ * row_groups));
  for (int64_t i = 0; i < row_tile_count(rows_, tile_rows); ++i) {
    const RowTile tile = row_tile(rows_, tile_rows, i);
    const std::byte* at = x.quantized + tile.begin * row_groups * quantized_group_bytes;
    for (int64_t g = 0; g < row_groups; ++g, at += tile.height() * quantized_group_bytes) {
      for (int64_t r = 0; r < tile.height(); ++r) {
        QuantizedGroup& group = result[static_cast<size_t>((tile.begin + r) * row_groups + g)];
        std::memcpy(group.quants.data(), at + r * quant_group, quant_group);
        std::memcpy(&group.terms, at + tile.height() * quant_group + r * int64_t{sizeof(GroupTerms)},
                    sizeof(GroupTerms));
      }
    }
  }
  return result;
}

}  // namespace quire::test
