// What lies where in a panel, read as kernels/packed_layout.h describes it.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>

#include "kernels/packed_layout.h"
#include "weights.h"

namespace quire {
namespace {

using packed::lanes;
using packed::line_bytes;

// One output of a packed matrix.
class PackedRow {
 public:
  PackedRow(const PackedMatrix& matrix, int64_t output)
      : type_(matrix.type),
        panel_(reinterpret_cast<const uint8_t*>(matrix.bytes) +
               output / lanes * packed::panel_bytes(matrix.type, matrix.inputs)),
        lane_(output % lanes) {}

  double value(int64_t k) const {
    const packed::Step step = packed::step_of(type_);
    const uint8_t* at = panel_ + k / step.inputs * step.bytes;
    k %= step.inputs;
    switch (type_) {
      case ElementType::f32:
        return number<float>(at, lane_);
      case ElementType::f16:
        return f16_at(at);
      case ElementType::bf16:
        return bf16_value(number<uint16_t>(at, 2 * lane_ + k));
      default:
        return quantized_value(packed::layout_of(type_), at, k);
    }
  }

 private:
  template <typename T>
  static T number(const uint8_t* at, int64_t index) {
    T value;
    std::memcpy(&value, at + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
    return value;
  }
  static double bf16_value(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

  double quantized_value(const packed::Layout& layout, const uint8_t* step, int64_t k) const {
    const int64_t g = k / 32;
    const uint8_t* quants = step + packed::quants_offset(layout.scales) + g * 64 * layout.quants.bits;
    const int bits = bits_at(layout.quants.bits, quants, k % 32);
    const double quant = (layout.quants.codes == nullptr ? bits : layout.quants.codes[bits]) - layout.quants.offset;
    const uint8_t* sub_scales = step + packed::k_head_bytes;
    const uint8_t half = sub_scales[k / 16 * lanes + lane_];
    switch (layout.scales) {
      case packed::Scales::pair:
        return f16_at(step + g * packed::scales_bytes) * quant;
      case packed::Scales::pair_bf16:
        return bf16_value(number<uint16_t>(step + g * packed::scales_bytes, lane_)) * quant;
      case packed::Scales::pair_halves:
        return e4m3_value(step[k / 16 * lanes + lane_]) / 2 * quant;
      case packed::Scales::minimum:
        return f16_at(step) * quant + f16_at(step + packed::scales_bytes);
      case packed::Scales::super:
        return f16_at(step) * sub_scales[g * lanes + lane_] * quant -
               f16_at(step + packed::scales_bytes) * sub_scales[(packed::k_groups + g) * lanes + lane_];
      case packed::Scales::super_halves_minimum:
        return f16_at(step) * (half & 15) * quant - f16_at(step + packed::scales_bytes) * (half >> 4);
      case packed::Scales::super_halves:
        return double{number<float>(step, lane_)} * static_cast<int8_t>(half) * quant;
      case packed::Scales::super_signed:
        return double{number<float>(step, lane_)} * static_cast<int8_t>(sub_scales[g * lanes + lane_]) * quant;
      case packed::Scales::one:
        return number<float>(step, lane_) * quant;
    }
    return 0;
  }
  static double e4m3_value(uint8_t bits) {
    return (bits >> 3) == 0 ? std::ldexp(bits & 7, -9) : std::ldexp(8 + (bits & 7), (bits >> 3) - 10);
  }
  double f16_at(const uint8_t* at) const { return test::f16_value(number<uint16_t>(at, lane_)); }
  int byte_of(const uint8_t* line, int64_t i) const { return line[lane_ * 4 + i]; }
  int low(const uint8_t* group, int64_t k) const {
    return byte_of(group + k % 16 / 4 * line_bytes, k % 4) >> (k < 16 ? 0 : 4) & 15;
  }
  int high_bit(const uint8_t* line, int64_t k) const { return byte_of(line, k % 4) >> k / 4 & 1; }
  int pair(const uint8_t* lines, int64_t k) const {
    return byte_of(lines + k / 16 * line_bytes, k % 4) >> 2 * (k % 16 / 4) & 3;
  }
  int bits_at(int bits, const uint8_t* group, int64_t k) const {
    switch (bits) {
      case 2:
        return pair(group, k);
      case 3:
        return pair(group, k) + 4 * high_bit(group + packed::pairs_bytes, k);
      case 4:
        return low(group, k);
      case 5:
        return low(group, k) + 16 * high_bit(group + packed::low_bytes, k);
      case 6:
        return low(group, k) + 16 * pair(group + packed::low_bytes, k);
      default:
        return byte_of(group + k / 4 * line_bytes, k % 4);
    }
  }

  ElementType type_;
  const uint8_t* panel_;
  int64_t lane_;
};

TEST(Pack, every_number_of_a_panel_is_the_files) {
  test::Random random(7);
  for (const ElementTraits& traits : element_traits_table) {
    for (const int64_t inputs : {traits.block_elements, 3 * traits.block_elements, int64_t{768}}) {
      constexpr int64_t outputs = 35;  // the last of three panels has three
      const auto rows = test::random_rows(traits.type, outputs, inputs, random);
      const test::Packed packed(traits.type, outputs, inputs, rows);
      const test::Dequantized expected = test::dequantize_rows(traits.type, rows, outputs, inputs);
      for (int64_t output = 0; output < outputs; ++output) {
        const PackedRow row(packed.matrix(), output);
        for (int64_t k = 0; k < inputs; ++k) {
          // Both are exact in double but for one rounding of the sum with a minimum.
          const double wanted = expected.values[static_cast<size_t>(output * inputs + k)];
          ASSERT_NEAR(row.value(k), wanted, 1e-12 * std::abs(wanted)) << traits.name << ' ' << output << ' ' << k;
        }
      }
    }
  }
}

// An output for each pattern of the byte that is a block's scale, or four of them.
TEST(Pack, every_power_of_two_of_mxfp4_and_every_number_of_e4m3_is_exact) {
  test::Random random(9);
  for (const ElementType type : {ElementType::mxfp4, ElementType::nvfp4}) {
    const ElementTraits traits = element_traits(type);
    constexpr int64_t outputs = 256;
    auto rows = test::random_rows(type, outputs, traits.block_elements, random);
    for (int64_t output = 0; output < outputs; ++output) {
      std::fill_n(rows.begin() + output * traits.block_bytes, type == ElementType::nvfp4 ? 4 : 1,
                  static_cast<std::byte>(output));
    }
    const test::Packed packed(type, outputs, traits.block_elements, rows);
    const test::Dequantized expected = test::dequantize_rows(type, rows, outputs, traits.block_elements);
    for (int64_t i = 0; i < outputs * traits.block_elements; ++i) {
      const double wanted = expected.values[static_cast<size_t>(i)];
      if (!std::isfinite(wanted)) continue;  // 2^127 times 2 and more
      const PackedRow row(packed.matrix(), i / traits.block_elements);
      ASSERT_EQ(row.value(i % traits.block_elements), wanted) << traits.name << ' ' << i;
    }
  }
}

TEST(Pack, outputs_beyond_the_last_are_zeros_and_panels_can_be_packed_one_by_one) {
  test::Random random(8);
  for (const ElementTraits& traits : element_traits_table) {
    const int64_t inputs = 256, outputs = 17;
    const auto rows = test::random_rows(traits.type, outputs, inputs, random);
    const auto size = static_cast<int64_t>(packed_size_bytes(traits.type, outputs, inputs));
    std::vector<std::byte> whole(static_cast<size_t>(size), std::byte{0xAA});
    std::vector<std::byte> parts = whole;
    pack_panels(traits.type, outputs, inputs, rows.data(), 0, 2, whole.data());
    for (const int64_t panel : {1, 0}) {
      pack_panels(traits.type, outputs, inputs, rows.data(), panel, panel + 1, parts.data());
    }
    EXPECT_EQ(whole, parts) << traits.name;
    for (int64_t output = outputs; output < 32; ++output) {
      const PackedRow row({.type = traits.type, .outputs = outputs, .inputs = inputs, .bytes = whole.data()}, output);
      for (int64_t k = 0; k < inputs; ++k) ASSERT_EQ(row.value(k), 0.0) << traits.name << ' ' << output;
    }
  }
}

// Of a matrix of some thousand inputs, as models have them. What is decoded to codes that kernels can look up grows.
TEST(Pack, takes_at_most_a_tenth_more_than_the_file_but_where_codes_are_unpacked) {
  const std::map<ElementType, double> grown = {
      {ElementType::iq3_s, 4.375}, {ElementType::iq3_xxs, 4.375}, {ElementType::iq2_s, 3.75},
      {ElementType::iq2_xs, 3.75}, {ElementType::iq2_xxs, 3.75},  {ElementType::iq1_m, 3.75},
      {ElementType::iq1_s, 3.75},  {ElementType::tq1_0, 2.125},
  };
  constexpr int64_t outputs = 64;
  for (const ElementTraits& traits : element_traits_table) {
    for (const int64_t inputs : {2048, 2880, 4096}) {
      if (inputs % traits.block_elements != 0) continue;
      const auto weights = static_cast<double>(outputs * inputs);
      const double packed_bits = 8 * static_cast<double>(packed_size_bytes(traits.type, outputs, inputs)) / weights;
      const double file_bits = 8 * static_cast<double>(outputs * row_size_bytes(traits.type, inputs)) / weights;
      const auto known = grown.find(traits.type);
      EXPECT_LE(packed_bits, known == grown.end() ? 1.1 * file_bits : known->second) << traits.name << ' ' << inputs;
    }
  }
}

}  // namespace
}  // namespace quire
