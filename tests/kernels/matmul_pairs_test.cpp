// BF16 weights that meet bf16 activations: the specification against double precision, and the table against the
// specification.
#include <gtest/gtest.h>

#include <bit>
#include <cfenv>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/same_results.h"
#include "kernels/weights.h"

namespace quire::test {
namespace {

constexpr float untouched = -12345.0F;

std::vector<float> multiply(const KernelTable& table, const PackedMatrix& weights, const Activations& x,
                            int64_t panel_begin, int64_t panel_end) {
  std::vector<float> y(static_cast<size_t>(x.rows * weights.outputs), untouched);
  table.matmul({.weights = weights,
                .x = x,
                .y = y.data(),
                .y_stride = weights.outputs,
                .panel_begin = panel_begin,
                .panel_end = panel_end});
  return y;
}

std::vector<float> multiply(const KernelTable& table, const PackedMatrix& weights, const Activations& x) {
  return multiply(table, weights, x, 0, (weights.outputs + panel_outputs - 1) / panel_outputs);
}

float f32_of(uint16_t bf16) { return std::bit_cast<float>(static_cast<uint32_t>(bf16) << 16); }

// Numbers of every kind, four rows or outputs each: around 2^exponent, whose products are around 2^-126 for -63, then
// subnormal ones, infinities, NaN, and any bits.
void make_extreme(std::vector<float>& values, int64_t width, Random& random) {
  for (size_t i = 0; i < values.size(); ++i) {
    switch (i / static_cast<size_t>(width) % 8) {
      case 0:
        values[i] *= 0x1p-63F;
        break;
      case 1:
        values[i] *= 0x1p-126F;
        break;
      case 2:
        values[i] *= 0x1p126F;
        break;
      case 3:
        if (random() % 64 == 0) values[i] = std::numeric_limits<float>::infinity();
        break;
      case 4:
        if (random() % 64 == 0) values[i] = std::numeric_limits<float>::quiet_NaN();
        break;
      case 5:
        values[i] = std::bit_cast<float>(static_cast<uint32_t>(random()));
        break;
      case 6:
        values[i] *= 0x1p-70F;
        break;
      default:
        break;
    }
  }
}

std::vector<std::byte> bf16_rows_of(const std::vector<float>& values) {
  std::vector<std::byte> rows(values.size() * 2);
  for (size_t i = 0; i < values.size(); ++i)
    std::memcpy(&rows[2 * i], reinterpret_cast<const char*>(&values[i]) + 2, 2);
  return rows;
}

// On the activations as they are rounded, each of the chain's roundings is off by at most 2^-24 of the sum of
// magnitudes; from the unrounded ones, these by 2^-8 more. 1.01 covers the rest.
TEST(MatmulPairs, are_as_near_to_double_precision_as_their_roundings_allow) {
  Random random(41);
  const KernelTable& table = avx512_bf16_specification();
  for (const int64_t inputs : {1, 2, 7, 96, 333}) {
    const int64_t outputs = 35, rows = 5;
    const auto bytes = random_rows(ElementType::bf16, outputs, inputs, random);
    const Dequantized weights = dequantize_rows(ElementType::bf16, bytes, outputs, inputs);
    const Packed packed(ElementType::bf16, outputs, inputs, bytes);
    const Rows x(table, random_floats(rows * inputs, random), rows, inputs);
    const auto y = multiply(table, packed.matrix(), x.all());
    const int64_t stride = (inputs + 1) / 2 * 2;
    for (int64_t i = 0; i < rows * outputs; ++i) {
      double rounded = 0, exact = 0, magnitude = 0;
      for (int64_t k = 0; k < inputs; ++k) {
        const double weight = weights.values[static_cast<size_t>(i % outputs * inputs + k)];
        const double value = x.values[static_cast<size_t>(i / outputs * inputs + k)];
        rounded += weight * double{f32_of(x.rounded[static_cast<size_t>(i / outputs * stride + k)])};
        exact += weight * value;
        magnitude += std::abs(weight * value);
      }
      const double result = y[static_cast<size_t>(i)];
      EXPECT_NEAR(result, rounded, 1.01 * 0x1p-24 * static_cast<double>(stride) * magnitude) << i;
      EXPECT_NEAR(result, exact, 1.01 * 0x1p-8 * magnitude) << i;
    }
  }
}

class PairTable : public testing::Test {
 protected:
  void SetUp() override {
    table_ = find_kernel_table("avx512_bf16");
    if (table_ == nullptr) GTEST_SKIP() << "this machine does not have the table";
  }

  void expect_specified_bits(int64_t outputs, int64_t inputs, const std::vector<std::byte>& weights,
                             const std::vector<float>& values) {
    const Packed packed(ElementType::bf16, outputs, inputs, weights);
    const auto rows = static_cast<int64_t>(values.size()) / inputs;
    const Rows expected_x(avx512_bf16_specification(), values, rows, inputs);
    const Rows x(*table_, values, rows, inputs);
    ASSERT_EQ(expected_x.rounded, x.rounded);
    EXPECT_TRUE(same_results(multiply(avx512_bf16_specification(), packed.matrix(), x.all()),
                             multiply(*table_, packed.matrix(), x.all())))
        << outputs << "x" << inputs << ", " << rows << " rows";
  }
  void expect_specified_bits(int64_t outputs, int64_t inputs, int64_t rows) {
    expect_specified_bits(outputs, inputs, random_rows(ElementType::bf16, outputs, inputs, random_),
                          random_floats(rows * inputs, random_, 3.0F));
  }

  const KernelTable* table_ = nullptr;
  Random random_{43};
};

TEST_F(PairTable, has_the_specified_bits_for_any_number_of_rows) {
  for (int64_t rows = 1; rows <= 70; ++rows) expect_specified_bits(83, 70, rows);
  expect_specified_bits(35, 66, 512);
  expect_specified_bits(35, 65, 533);
}

TEST_F(PairTable, has_the_specified_bits_for_any_shape) {
  for (const int64_t outputs : {1, 15, 16, 17, 33, 64, 150}) {
    for (const int64_t inputs : {1, 2, 3, 15, 16, 31, 32, 33, 96, 1025}) {
      for (const int64_t rows : {1, 3, 9}) expect_specified_bits(outputs, inputs, rows);
    }
  }
}

// Subnormals count as zero, also those that arise; a NaN and an infinity spoil what they meet.
TEST_F(PairTable, has_the_specified_bits_for_numbers_at_the_ends_of_the_range) {
  for (const int64_t inputs : {2, 4, 33, 256}) {
    std::vector<float> weights = random_floats(64 * inputs, random_);
    std::vector<float> values = random_floats(64 * inputs, random_);
    make_extreme(weights, inputs, random_);
    make_extreme(values, inputs, random_);
    for (const float scale : {1.0F, 0x1p-60F}) {
      for (float& value : values) value *= scale;
      expect_specified_bits(64, inputs, bf16_rows_of(weights), values);
    }
  }
}

// Two pairs: a sum, and what is then added to it. Exponents are near the least, so that products, sums and what is left
// of two that cancel are subnormal as often as not.
TEST_F(PairTable, adds_in_the_written_order_for_random_operands) {
  constexpr int64_t outputs = 1024, inputs = 4, rows = 1024;
  const auto any = [&](int exponent_min, int exponents) {
    const auto exponent =
        static_cast<uint32_t>(exponent_min + static_cast<int>(random_() % static_cast<uint64_t>(exponents)));
    return std::bit_cast<float>(static_cast<uint32_t>((random_() & 0x807F) << 16) | exponent << 23);
  };
  for (const int exponent_min : {0, 48, 55, 60, 120}) {
    std::vector<float> weights(outputs * inputs);
    std::vector<float> values(rows * inputs);
    for (float& weight : weights) weight = any(exponent_min, 16);
    for (float& value : values) value = any(exponent_min, 16);
    expect_specified_bits(outputs, inputs, bf16_rows_of(weights), values);
  }
}

TEST_F(PairTable, does_not_ask_how_the_thread_rounds) {
  const Packed packed(ElementType::bf16, 33, 96, random_rows(ElementType::bf16, 33, 96, random_));
  const auto values = random_floats(9 * 96, random_);
  const Rows x(*table_, values, 9, 96);
  const auto y = multiply(*table_, packed.matrix(), x.all());
  ASSERT_EQ(0, std::fesetround(FE_UPWARD));
  const Rows other_x(*table_, values, 9, 96);
  const auto other_y = multiply(*table_, packed.matrix(), x.all());
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(x.rounded, other_x.rounded);
  EXPECT_TRUE(same_results(y, other_y));
}

// F16 and F32 weights meet the values as they are.
TEST_F(PairTable, rounds_for_bf16_weights_only) {
  for (const ElementType type : {ElementType::f32, ElementType::f16}) {
    const Packed packed(type, 33, 96, random_rows(type, 33, 96, random_));
    const Rows x(*table_, random_floats(9 * 96, random_), 9, 96);
    EXPECT_TRUE(same_results(multiply(*find_kernel_table("scalar"), packed.matrix(), x.all()),
                             multiply(*table_, packed.matrix(), x.all())));
  }
}

}  // namespace
}  // namespace quire::test
