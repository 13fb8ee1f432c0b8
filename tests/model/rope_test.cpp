#include "model/rope.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "model/sincos.h"

namespace quire {
namespace {

TEST(SinCos, agrees_with_extended_precision) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200000; ++i) {
    // All magnitudes up to 2^30, and neighbours of multiples of pi / 4.
    const double exponent = -40.0 + 70.0 * static_cast<double>(i) / 200000.0;
    double x = std::exp2(exponent) * (1.0 + static_cast<double>(random() >> 11) * 0x1p-53) / 2.0;
    if (i % 3 == 0) x = static_cast<double>(random() % 100000) * 0.7853981633974483;
    const SinCos found = fixed_sincos(i % 2 == 0 ? x : -x);
    const long double exact = i % 2 == 0 ? x : -x;
    ASSERT_NEAR(found.sine, static_cast<double>(std::sin(exact)), 3e-16) << x;
    ASSERT_NEAR(found.cosine, static_cast<double>(std::cos(exact)), 3e-16) << x;
  }
}

TEST(SinCos, is_exact_at_zero) {
  EXPECT_EQ(fixed_sincos(0.0).sine, 0.0);
  EXPECT_EQ(fixed_sincos(0.0).cosine, 1.0);
}

TEST(Rope, turns_as_its_definition_says) {
  const std::vector<float> factors = {1.0F, 1.5F, 4.0F, 8.0F};
  const Rope rope({.rotary = 8, .base = 500000.0, .position_scale = 2.0}, factors);
  EXPECT_EQ(rope.rotary(), 8);
  float cosines[4], sines[4];
  for (const int64_t position : {0, 1, 31, 4096, 131071}) {
    rope.turn(position, cosines, sines);
    for (int d = 0; d < 4; ++d) {
      const double angle = static_cast<double>(position) / 2.0 * std::pow(500000.0, -2.0 * d / 8.0) /
                           static_cast<double>(factors[static_cast<size_t>(d)]);
      // Half a step of a float near 1, and the frequency's error of 4e-15 times the position.
      EXPECT_NEAR(cosines[d], std::cos(angle), 6.1e-8);
      EXPECT_NEAR(sines[d], std::sin(angle), 6.1e-8);
    }
  }
}

}  // namespace
}  // namespace quire
