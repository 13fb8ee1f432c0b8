// Prompt rows in bf16: the specification against double precision, and the tile kernel against the specification. Where
// the processor has no tiles, its instructions are carried out by TileTrap.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "kernels/isa_functions.h"
#include "kernels/same_results.h"
#include "kernels/tile_test.h"
#include "kernels/weights.h"

namespace quire::test {
namespace {

constexpr float untouched = -12345.0F;

const KernelTable& tile_functions() {
  static constexpr KernelTable table = {
      .name = "tiles", .round_to_bf16 = amx::round_to_bf16, .matmul_bf16 = amx::matmul_bf16};
  return table;
}

// Rows in their bf16 form, and where their results go: every third row of y.
struct Bf16Rows {
  Bf16Rows(const KernelTable& table, const std::vector<float>& values, int64_t inputs)
      : count(static_cast<int64_t>(values.size()) / inputs), rows(static_cast<size_t>(count)) {
    std::iota(rows.begin(), rows.end(), 0);
    bf16.resize(static_cast<size_t>((count + bf16_block_rows - 1) / bf16_block_rows * bf16_block_rows * inputs),
                0xFFFF);
    table.round_to_bf16(
        {.x = values.data(), .rows = rows.data(), .row_count = count, .inputs = inputs, .bf16 = bf16.data()});
    for (int32_t& row : rows) row *= 3;
  }
  // Input k of row i.
  float value(int64_t i, int64_t k, int64_t inputs) const {
    const int64_t at = (i / 16 * (inputs / 32) + k / 32) * 512 + i % 16 * 32 + k % 32;
    return std::bit_cast<float>(static_cast<uint32_t>(bf16[static_cast<size_t>(at)]) << 16);
  }

  int64_t count;
  std::vector<int32_t> rows;
  std::vector<uint16_t> bf16;
};

std::vector<float> multiply(const KernelTable& table, const PackedMatrix& weights, const Bf16Rows& x,
                            int64_t panel_begin, int64_t panel_end) {
  std::vector<float> y(static_cast<size_t>(3 * x.count * weights.outputs), untouched);
  table.matmul_bf16({.weights = weights,
                     .x = x.bf16.data(),
                     .rows = x.rows.data(),
                     .row_count = x.count,
                     .y = y.data(),
                     .y_stride = weights.outputs,
                     .panel_begin = panel_begin,
                     .panel_end = panel_end});
  return y;
}

std::vector<float> multiply(const KernelTable& table, const PackedMatrix& weights, const Bf16Rows& x) {
  return multiply(table, weights, x, 0, (weights.outputs + panel_outputs - 1) / panel_outputs);
}

class MatmulBf16 : public testing::TestWithParam<ElementType> {
 protected:
  // One group's inputs, or what the type's blocks need.
  int64_t block() const { return element_traits(GetParam()).block_elements; }
};

INSTANTIATE_TEST_SUITE_P(types, MatmulBf16, quantized_types(), type_name);

// On the values as they are rounded, each of a group's 16 + 2 roundings and each group's addition is off by at most
// 2^-24 of the sum of magnitudes. From the unrounded ones, both factors by 2^-9 more. 1.01 covers the rest.
TEST_P(MatmulBf16, is_as_near_to_double_precision_as_its_roundings_allow) {
  Random random(29);
  const KernelTable& table = amx_specification();
  const int64_t outputs = 33, inputs = 3 * block(), count = 5;
  const auto bytes = random_rows(GetParam(), outputs, inputs, random);
  const Dequantized weights = dequantize_rows(GetParam(), bytes, outputs, inputs);
  const Packed packed(GetParam(), outputs, inputs, bytes);
  const auto values = random_floats(count * inputs, random);
  const Bf16Rows x(table, values, inputs);
  const auto y = multiply(table, packed.matrix(), x);
  double error = 0, size = 0;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t o = 0; o < outputs; ++o) {
      double rounded = 0, exact = 0, magnitude = 0;
      for (int64_t k = 0; k < inputs; ++k) {
        const double weight = weights.values[static_cast<size_t>(o * inputs + k)];
        const Bf16Rows w(table, std::vector<float>(32, static_cast<float>(weight)), 32);
        rounded += double{w.value(0, 0, 32)} * double{x.value(i, k, inputs)};
        exact += weight * double{values[static_cast<size_t>(i * inputs + k)]};
        magnitude += std::abs(weight * double{values[static_cast<size_t>(i * inputs + k)]});
      }
      const double result = y[static_cast<size_t>(3 * i * outputs + o)];
      EXPECT_NEAR(result, rounded, 1.01 * 0x1p-24 * static_cast<double>(18 + inputs / 32) * magnitude) << i << " " << o;
      EXPECT_NEAR(result, exact, 1.01 * 0x1p-8 * magnitude) << i << " " << o;
      error += (result - exact) * (result - exact);
      size += exact * exact;
    }
  }
  RecordProperty("relative_error", std::to_string(std::sqrt(error / size)));
}

TEST_P(MatmulBf16, gives_a_row_the_same_bits_alone_and_among_any_neighbours) {
  Random random(31);
  const KernelTable& table = amx_specification();
  const int64_t outputs = 17, inputs = block();
  const Packed packed(GetParam(), outputs, inputs, random_rows(GetParam(), outputs, inputs, random));
  const auto row = random_floats(inputs, random);
  const auto alone = multiply(table, packed.matrix(), Bf16Rows(table, row, inputs));
  for (const int64_t count : {2, 16, 33}) {
    auto values = random_floats(count * inputs, random, 100.0F);
    const auto place = static_cast<int64_t>(random() % static_cast<uint64_t>(count));
    std::memcpy(values.data() + place * inputs, row.data(), row.size() * sizeof(float));
    const auto y = multiply(table, packed.matrix(), Bf16Rows(table, values, inputs));
    EXPECT_EQ(0, std::memcmp(y.data() + 3 * place * outputs, alone.data(), outputs * sizeof(float))) << count;
  }
}

class TileKernel : public TileTest {
 protected:
  void expect_specified_bits(int64_t outputs, int64_t inputs, const std::vector<float>& values) {
    const Packed packed(GetParam(), outputs, inputs, random_rows(GetParam(), outputs, inputs, random_));
    const Bf16Rows expected_x(amx_specification(), values, inputs);
    const Bf16Rows x(tile_functions(), values, inputs);
    ASSERT_EQ(expected_x.bf16, x.bf16);
    const auto expected = multiply(amx_specification(), packed.matrix(), expected_x);
    const auto y = multiply(tile_functions(), packed.matrix(), x);
    EXPECT_TRUE(same_results(expected, y)) << outputs << "x" << inputs << ", " << x.count << " rows";
  }
};

INSTANTIATE_TEST_SUITE_P(types, TileKernel, quantized_types(), type_name);

TEST_P(TileKernel, has_the_specified_bits_for_any_number_of_rows) {
  for (int64_t count = 1; count <= 70; ++count) {
    expect_specified_bits(19, block(), random_floats(count * block(), random_, 3.0F));
  }
}

// One group, odd groups, more than a chunk of 512 inputs, more than a block of 8 panels.
TEST_P(TileKernel, has_the_specified_bits_for_any_shape) {
  for (const int64_t outputs : {1, 15, 16, 17, 33, 150}) {
    for (const int64_t blocks : {1, 3, 17}) {
      const int64_t inputs = std::min<int64_t>(blocks, 1024 / block() + 1) * block();
      expect_specified_bits(outputs, inputs, random_floats(18 * inputs, random_, 3.0F));
    }
  }
}

TEST_P(TileKernel, has_the_specified_bits_for_more_than_a_block_of_rows) {
  expect_specified_bits(17, block(), random_floats(530 * block(), random_, 3.0F));
}

// Subnormals count as zero, also those that arise; a NaN and an infinity spoil their own row only.
TEST_P(TileKernel, has_the_specified_bits_for_numbers_at_the_ends_of_the_range) {
  const int64_t inputs = 3 * block();
  std::vector<float> values = random_floats(24 * inputs, random_);
  for (size_t i = 0; i < values.size(); ++i) {
    switch (i / static_cast<size_t>(inputs) % 8) {
      case 0:
        values[i] *= 0x1p-126F;
        break;
      case 1:
        values[i] *= 0x1p-112F;  // products around 2^-126
        break;
      case 2:
        values[i] *= 0x1p126F;
        break;
      case 3:
        if (random_() % 64 == 0) values[i] = std::numeric_limits<float>::infinity();
        break;
      case 4:
        if (random_() % 64 == 0) values[i] = std::numeric_limits<float>::quiet_NaN();
        break;
      case 5:
        values[i] = std::bit_cast<float>(static_cast<uint32_t>(random_()));
        break;
      default:
        break;
    }
  }
  expect_specified_bits(33, inputs, values);
}

TEST_P(TileKernel, writes_the_panels_that_were_asked_for_and_nothing_else) {
  const int64_t outputs = 100, inputs = block();
  const Packed packed(GetParam(), outputs, inputs, random_rows(GetParam(), outputs, inputs, random_));
  const Bf16Rows x(tile_functions(), random_floats(5 * inputs, random_), inputs);
  const auto whole = multiply(tile_functions(), packed.matrix(), x);
  for (int64_t begin = 0; begin <= 7; ++begin) {
    for (int64_t end = begin; end <= 7; ++end) {
      const auto part = multiply(tile_functions(), packed.matrix(), x, begin, end);
      for (int64_t i = 0; i < 3 * 5 * outputs; ++i) {
        const int64_t panel = i % outputs / panel_outputs;
        const bool asked = i / outputs % 3 == 0 && panel >= begin && panel < end;
        ASSERT_EQ(part[static_cast<size_t>(i)], asked ? whole[static_cast<size_t>(i)] : untouched) << i;
      }
    }
  }
}

}  // namespace
}  // namespace quire::test
