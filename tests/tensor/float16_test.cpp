#include "tensor/float16.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

namespace quire {
namespace {

// The value of a finite f16 by the definition of the format.
double f16_by_definition(uint16_t half) {
  const int exponent = (half >> 10) & 0x1f;
  const int fraction = half & 0x3ff;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

bool is_finite_f16(uint32_t half) { return (half & 0x7c00U) != 0x7c00U; }

uint32_t bits(float value) { return std::bit_cast<uint32_t>(value); }

TEST(Float16, every_finite_f16_has_its_value) {
  for (uint32_t half = 0; half < 0x10000; ++half) {
    if (!is_finite_f16(half)) continue;
    const float value = f16_to_f32(static_cast<uint16_t>(half));
    ASSERT_EQ(static_cast<double>(value), f16_by_definition(static_cast<uint16_t>(half))) << half;
    ASSERT_EQ(std::signbit(value), half >= 0x8000) << half;
  }
}

TEST(Float16, every_f16_comes_back_from_f32) {
  for (uint32_t half = 0; half < 0x10000; ++half) {
    const float value = f16_to_f32(static_cast<uint16_t>(half));
    const bool nan = !is_finite_f16(half) && (half & 0x3ffU) != 0;
    ASSERT_EQ(std::isnan(value), nan) << half;
    ASSERT_EQ(f32_to_f16(value), nan ? half | 0x200U : half) << half;
  }
}

// Rounding is monotonic, so it is right everywhere when it is right at and just beside every midpoint.
TEST(Float16, f32_rounds_to_the_nearest_f16_and_ties_to_even) {
  for (uint32_t half = 0; half < 0x7bff; ++half) {
    const float low = f16_to_f32(static_cast<uint16_t>(half));
    const float high = f16_to_f32(static_cast<uint16_t>(half + 1));
    const float middle = (low + high) / 2;  // exact: 12 significant bits
    for (const uint32_t sign : {0U, 0x8000U}) {
      const float side = sign != 0 ? -1.0F : 1.0F;
      ASSERT_EQ(f32_to_f16(side * middle), sign | ((half & 1U) != 0 ? half + 1 : half)) << half;
      ASSERT_EQ(f32_to_f16(side * std::nextafter(middle, low)), sign | half) << half;
      ASSERT_EQ(f32_to_f16(side * std::nextafter(middle, high)), sign | (half + 1)) << half;
    }
  }
}

TEST(Float16, f32_beyond_the_range_of_f16_is_infinity) {
  EXPECT_EQ(f32_to_f16(65504.0F), 0x7bff);
  EXPECT_EQ(f32_to_f16(std::nextafter(65520.0F, 0.0F)), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0F), 0x7c00);
  EXPECT_EQ(f32_to_f16(-1e30F), 0xfc00);
  EXPECT_EQ(f32_to_f16(INFINITY), 0x7c00);
  EXPECT_EQ(f32_to_f16(0x1p-25F), 0) << "a tie with zero";
  EXPECT_EQ(f32_to_f16(std::nextafter(0x1p-25F, 1.0F)), 1);
  EXPECT_EQ(f32_to_f16(-0x1p-149F), 0x8000);
}

TEST(BFloat16, every_bf16_is_the_upper_half_of_an_f32_and_comes_back) {
  for (uint32_t brain = 0; brain < 0x10000; ++brain) {
    const float value = bf16_to_f32(static_cast<uint16_t>(brain));
    ASSERT_EQ(bits(value), brain << 16);
    ASSERT_EQ(f32_to_bf16(value), std::isnan(value) ? brain | 0x40U : brain) << brain;
  }
}

TEST(BFloat16, f32_rounds_to_the_nearest_bf16_and_ties_to_even) {
  for (uint32_t brain = 0; brain < 0x7f80; ++brain) {
    const uint32_t middle = (brain << 16) | 0x8000U;
    for (const uint32_t sign : {0U, 0x8000U}) {
      const auto rounded = [&](uint32_t magnitude) {
        return f32_to_bf16(std::bit_cast<float>((sign << 16) | magnitude));
      };
      ASSERT_EQ(rounded(middle), sign | ((brain & 1U) != 0 ? brain + 1 : brain)) << brain;
      ASSERT_EQ(rounded(middle - 1), sign | brain) << brain;
      ASSERT_EQ(rounded(middle + 1), sign | (brain + 1)) << brain;
    }
  }
}

}  // namespace
}  // namespace quire
