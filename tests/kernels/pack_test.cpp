// What lies where in a panel, read as kernels/packed_layout.h describes it.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

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
    using enum ElementType;
    const packed::Step step = packed::step_of(type_);
    const uint8_t* at = panel_ + k / step.inputs * step.bytes;
    k %= step.inputs;
    switch (type_) {
      case f32:
        return number<float>(at, lane_);
      case f16:
        return f16_at(at);
      case bf16:
        return std::bit_cast<float>(static_cast<uint32_t>(number<uint16_t>(at, 2 * lane_ + k)) << 16);
      case q4_0:
      case q5_0:
      case q8_0: {
        const int64_t group_bytes = (step.bytes - 2 * packed::scales_bytes) / 2;
        const uint8_t* group = at + 2 * packed::scales_bytes + k / 32 * group_bytes;
        const double scale = f16_at(at + k / 32 * packed::scales_bytes);
        return scale * (type_ == q8_0   ? whole(group, k % 32) - 128
                        : type_ == q5_0 ? low(group, k % 32) + 16 * fifth(group, k % 32) - 16
                                        : low(group, k % 32) - 8);
      }
      case q4_1:
      case q5_1: {
        const uint8_t* group = at + 2 * packed::scales_bytes;
        const int high = type_ == q5_1 ? fifth(group, k) : 0;
        return f16_at(at) * (low(group, k) + 16 * high) + f16_at(at + packed::scales_bytes);
      }
      case q4_k:
      case q5_k: {
        const int64_t g = k / 32;
        const int64_t group_bytes = packed::low_bytes + (type_ == q5_k ? packed::fifth_bytes : 0);
        const uint8_t* group = at + packed::k_quants_offset + g * group_bytes;
        const uint8_t* scales = at + packed::k_head_bytes;
        const int high = type_ == q5_k ? fifth(group, k % 32) : 0;
        return f16_at(at) * scales[g * lanes + lane_] * (low(group, k % 32) + 16 * high) -
               f16_at(at + packed::scales_bytes) * scales[(packed::k_groups + g) * lanes + lane_];
      }
      case q6_k: {
        const int64_t g = k / 32;
        const uint8_t* group = at + packed::k_quants_offset + g * (packed::low_bytes + packed::sixth_bytes);
        const auto scale = static_cast<int8_t>(at[packed::k_head_bytes + (2 * g + k % 32 / 16) * lanes + lane_]);
        return f16_at(at) * scale * (low(group, k % 32) + 16 * sixth(group, k % 32) - 32);
      }
      default:  // not packed
        return std::numeric_limits<double>::quiet_NaN();
    }
  }

 private:
  template <typename T>
  static T number(const uint8_t* at, int64_t index) {
    T value;
    std::memcpy(&value, at + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
    return value;
  }
  double f16_at(const uint8_t* at) const { return test::f16_value(number<uint16_t>(at, lane_)); }
  int byte_of(const uint8_t* line, int64_t i) const { return line[lane_ * 4 + i]; }
  int low(const uint8_t* group, int64_t k) const {
    return byte_of(group + k % 16 / 4 * line_bytes, k % 4) >> (k < 16 ? 0 : 4) & 15;
  }
  int fifth(const uint8_t* group, int64_t k) const { return byte_of(group + packed::low_bytes, k % 4) >> k / 4 & 1; }
  int sixth(const uint8_t* group, int64_t k) const {
    return byte_of(group + packed::low_bytes + k / 16 * line_bytes, k % 4) >> 2 * (k % 16 / 4) & 3;
  }
  int whole(const uint8_t* group, int64_t k) const { return byte_of(group + k / 4 * line_bytes, k % 4); }

  ElementType type_;
  const uint8_t* panel_;
  int64_t lane_;
};

TEST(Pack, every_number_of_a_panel_is_the_files) {
  test::Random random(7);
  for (const ElementTraits& traits : element_traits_table) {
    if (!has_kernels(traits.type)) continue;
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

TEST(Pack, outputs_beyond_the_last_are_zeros_and_panels_can_be_packed_one_by_one) {
  test::Random random(8);
  for (const ElementTraits& traits : element_traits_table) {
    if (!has_kernels(traits.type)) continue;
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

}  // namespace
}  // namespace quire
