#include "tensor/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <span>

#include "golden_reader.h"
#include "tensor/blocks.h"
#include "tensor/code_blocks.h"
#include "tensor/dequantize.h"
#include "tensor/float16.h"

namespace quire {
namespace {

constexpr int64_t block = 256;  // a multiple of every type's block

std::vector<float> round_trip(ElementType type, const std::vector<float>& values) {
  const auto count = static_cast<int64_t>(values.size());
  std::vector<std::byte> stored(static_cast<size_t>(row_size_bytes(type, count)));
  quantize(type, values.data(), count, stored.data());
  std::vector<float> back(values.size());
  dequantize(type, stored.data(), count, back.data());
  return back;
}

std::vector<float> normals(int64_t count, uint32_t seed, float deviation = 1.0F) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, deviation);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

// Root-mean-square error in units of the values' own root mean square.
double relative_error(const std::vector<float>& values, const std::vector<float>& back) {
  double error = 0, power = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    error += std::pow(static_cast<double>(back[i]) - static_cast<double>(values[i]), 2);
    power += std::pow(static_cast<double>(values[i]), 2);
  }
  return std::sqrt(error / power);
}

// Square errors weighed by `importance`, in units of the values weighed so.
double weighted_error(const std::vector<float>& values, const std::vector<float>& back,
                      const std::vector<float>& importance) {
  double error = 0, power = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    error += static_cast<double>(importance[i]) * std::pow(static_cast<double>(back[i] - values[i]), 2);
    power += static_cast<double>(importance[i]) * std::pow(static_cast<double>(values[i]), 2);
  }
  return std::sqrt(error / power);
}

std::vector<float> round_trip(ElementType type, const std::vector<float>& values,
                              const std::vector<float>& importance) {
  const auto count = static_cast<int64_t>(values.size());
  std::vector<std::byte> stored(static_cast<size_t>(row_size_bytes(type, count)));
  quantize(type, values.data(), count, stored.data(), importance.data());
  std::vector<float> back(values.size());
  dequantize(type, stored.data(), count, back.data());
  return back;
}

TEST(Quantize, the_plain_types_have_the_bytes_of_the_reference) {
  test::GoldenReader golden("quantize.bin");
  const auto elements = static_cast<int64_t>(golden.take_one<uint32_t>());
  const auto values = golden.take<float>(static_cast<size_t>(elements));
  int records = 0;
  for (; !golden.done() && !HasFailure(); ++records) {
    const ElementTraits traits = find_element_traits(golden.take_one<uint32_t>()).value();
    const auto expected = golden.take<std::byte>(static_cast<size_t>(row_size_bytes(traits.type, elements)));
    std::vector<std::byte> stored(expected.size());
    quantize(traits.type, values.data(), elements, stored.data());
    for (size_t i = 0; i < stored.size(); ++i) {
      ASSERT_EQ(stored[i], expected[i]) << traits.name << " block " << i / static_cast<size_t>(traits.block_bytes)
                                        << " byte " << i % static_cast<size_t>(traits.block_bytes);
    }
  }
  EXPECT_EQ(records, 8);
}

// The logarithm that chooses the exponent is rounded to f32, where the last numbers below 2^10 are 2^10 and those below
// 2 are not. Expected: PyPI's gguf.
TEST(Quantize, mxfp4_takes_a_value_a_hair_below_a_large_power_of_two_for_it) {
  const auto exponent = [](float power, int steps_below) {
    std::vector<float> values(32, 0.0F);
    values[5] = power;
    for (int i = 0; i < steps_below; ++i) values[5] = std::nextafter(values[5], 0.0F);
    BlockMXFP4 block;
    quantize(ElementType::mxfp4, values.data(), 32, reinterpret_cast<std::byte*>(&block));
    return int{block.exponent};
  };
  EXPECT_EQ(exponent(2.0F, 0), 126);
  EXPECT_EQ(exponent(2.0F, 1), 125);
  for (int steps = 0; steps <= 5; ++steps) EXPECT_EQ(exponent(1024.0F, steps), 135) << steps;
  EXPECT_EQ(exponent(1024.0F, 6), 134);
}

// A value differs from its quantized form by at most `steps` steps of the block's grid. A step is the block's spread
// over the quants, and the f16 scale and minimum are off by 2^-11 of themselves at most.
TEST(Quantize, an_element_is_off_by_at_most_its_share_of_the_blocks_spread) {
  struct Case {
    ElementType type;
    double step;  // of a block of 32 whose largest magnitude is 1
  };
  // Signed types: the grid covers [-1, 1 - step], so the far end may be off by a whole step. With a minimum: half of
  // one.
  const Case cases[] = {{ElementType::q8_0, 0.5 / 127},
                        {ElementType::q4_0, 1.0 / 8},
                        {ElementType::q5_0, 1.0 / 16},
                        {ElementType::q4_1, 0.5 * 2 / 15},
                        {ElementType::q5_1, 0.5 * 2 / 31}};
  for (const auto& [type, step] : cases) {
    for (uint32_t seed = 0; seed < 50; ++seed) {
      std::vector<float> values = normals(32, seed);
      float largest = 0;
      for (const float value : values) largest = std::max(largest, std::fabs(value));
      const std::vector<float> back = round_trip(type, values);
      for (size_t i = 0; i < 32; ++i) {
        ASSERT_LE(std::fabs(back[i] - values[i]), static_cast<double>(largest) * (step + 3 * 0x1p-11))
            << element_traits(type).name << " seed " << seed << " element " << i;
      }
    }
  }
}

// The plain recipe for Q4_K: each group spans its minimum and maximum. Error of the whole, relative.
double plain_q4_k_error(const std::vector<float>& values) {
  std::vector<float> back(values.size());
  for (size_t begin = 0; begin < values.size(); begin += 256) {
    float scales[8], mins[8], scale_max = 0, min_max = 0;
    for (size_t g = 0; g < 8; ++g) {
      const auto group = std::span(values).subspan(begin + g * 32, 32);
      const float low = std::min(0.0F, *std::min_element(group.begin(), group.end()));
      scales[g] = (*std::max_element(group.begin(), group.end()) - low) / 15;
      mins[g] = -low;
      scale_max = std::max(scale_max, scales[g]);
      min_max = std::max(min_max, mins[g]);
    }
    for (size_t i = begin; i < begin + 256; ++i) {
      const size_t g = (i - begin) / 32;
      const float scale = scale_max / 63 * std::round(63 * scales[g] / scale_max);
      const float min = min_max / 63 * std::round(63 * mins[g] / min_max);
      back[i] = scale * std::clamp(std::round((values[i] + min) / scale), 0.0F, 15.0F) - min;
    }
  }
  return relative_error(values, back);
}

TEST(Quantize, the_scale_search_of_q4_k_beats_the_plain_recipe_and_q4_0) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    const std::vector<float> values = normals(block * 64, seed);
    const double error = relative_error(values, round_trip(ElementType::q4_k, values));
    EXPECT_LT(error, 0.95 * plain_q4_k_error(values)) << "seed " << seed;
    EXPECT_LT(error, relative_error(values, round_trip(ElementType::q4_0, values))) << "seed " << seed;
  }
}

// Bounds: what these recipes reach on normal values, and 1 %; a worse search shows.
TEST(Quantize, round_trip_errors_of_normal_values_are_as_small_as_known) {
  const std::vector<float> values = normals(block * 256, 7, 0.02F);
  const auto error = [&](ElementType type) { return relative_error(values, round_trip(type, values)); };
  EXPECT_EQ(error(ElementType::f32), 0.0);
  EXPECT_LT(error(ElementType::f16), 0.00022);
  EXPECT_LT(error(ElementType::bf16), 0.0017);
  EXPECT_LT(error(ElementType::q8_0), 0.0055);
  EXPECT_LT(error(ElementType::q6_k), 0.018);
  EXPECT_LT(error(ElementType::q5_k), 0.0368);
  EXPECT_LT(error(ElementType::q5_1), 0.0384);
  EXPECT_LT(error(ElementType::q5_0), 0.0434);
  EXPECT_LT(error(ElementType::q4_k), 0.0727);
  EXPECT_LT(error(ElementType::q4_1), 0.0792);
  EXPECT_LT(error(ElementType::q4_0), 0.0876);
  EXPECT_LT(error(ElementType::iq4_nl), 0.0746);
  EXPECT_LT(error(ElementType::iq4_xs), 0.0753);
  EXPECT_LT(error(ElementType::mxfp4), 0.1153);
  EXPECT_LT(error(ElementType::q3_k), 0.1468);
  EXPECT_LT(error(ElementType::q2_k), 0.2700);
}

// Log-normal importances, as real ones are about. Bounds: what is reached, and 1 %; tools/peers/quantize_errors has
// what llama.cpp reaches.
TEST(Quantize, importance_lowers_the_error_that_it_weighs) {
  const std::vector<float> values = normals(block * 256, 7, 0.02F);
  std::vector<float> importance = normals(block * 256, 8);
  for (float& value : importance) value = std::exp(value);
  const std::pair<ElementType, double> cases[] = {
      {ElementType::q6_k, 0.92},  {ElementType::q5_k, 0.895},   {ElementType::q4_k, 0.906},  {ElementType::q3_k, 0.934},
      {ElementType::q2_k, 0.883}, {ElementType::iq4_nl, 0.932}, {ElementType::iq4_xs, 0.934}};
  for (const auto& [type, bound] : cases) {
    const double without = weighted_error(values, round_trip(type, values), importance);
    const double with = weighted_error(values, round_trip(type, values, importance), importance);
    EXPECT_LT(with, bound * without) << element_traits(type).name;
  }
}

TEST(Quantize, equal_importances_are_as_none_at_any_scale) {
  const std::vector<float> values = normals(block * 4, 9);
  for (const ElementType type :
       {ElementType::q6_k, ElementType::q3_k, ElementType::q2_k, ElementType::iq4_nl, ElementType::iq4_xs}) {
    const double expected = relative_error(values, round_trip(type, values));
    for (const float importance : {1e-6F, 1.0F, 1e6F}) {
      const std::vector<float> equal(values.size(), importance);
      // Q6_K weighs by the square of a value where nothing is given.
      EXPECT_NEAR(relative_error(values, round_trip(type, values, equal)), expected, 0.02 * expected)
          << element_traits(type).name << " " << importance;
    }
  }
}

TEST(Quantize, plain_types_do_without_importance) {
  const std::vector<float> values = normals(block, 10);
  std::vector<float> importance = normals(block, 11);
  for (float& value : importance) value = std::exp(value);
  for (const ElementTraits& traits : element_traits_table) {
    if (!has_quantizer(traits.type)) continue;
    const bool differs = round_trip(traits.type, values) != round_trip(traits.type, values, importance);
    EXPECT_EQ(differs, weighs_errors(traits.type)) << traits.name;
    EXPECT_EQ(differs, traits.name.find("_K") != traits.name.npos || traits.name.starts_with("IQ")) << traits.name;
  }
}

TEST(Quantize, zeros_stay_zeros_and_constants_stay_near) {
  for (const ElementTraits& traits : element_traits_table) {
    if (!has_quantizer(traits.type)) continue;
    const std::vector<float> zeros(256, 0.0F);
    EXPECT_EQ(round_trip(traits.type, zeros), zeros) << traits.name;
    for (const float constant : {1.0F, -1.0F, 0.3F, -700.0F}) {
      const std::vector<float> values(256, constant);
      // A constant is a grid point of every type up to the rounding of its scales (8 bits in bf16, 6 bits nowhere:
      // the largest scale of a block is stored as 63).
      // MXFP4's scales are powers of two, and its numbers 2/3 of each other: 1/5 is the farthest from both.
      const double bound = traits.type == ElementType::mxfp4 ? 0.201 : 0.004;
      EXPECT_LT(relative_error(values, round_trip(traits.type, values)), bound) << traits.name << " " << constant;
    }
  }
}

TEST(Quantize, no_input_is_undefined_behaviour) {
  const float odd[] = {0.0F, -0.0F, 1e-45F, -1e-40F, 1e-38F, 3e38F, -3e38F, INFINITY, -INFINITY, NAN, 65504.0F, 1e-20F};
  std::mt19937 random(3);
  for (const ElementTraits& traits : element_traits_table) {
    if (!has_quantizer(traits.type)) continue;
    for (int round = 0; round < 200; ++round) {
      std::vector<float> values(256);
      for (float& value : values) value = odd[random() % std::size(odd)];
      round_trip(traits.type, values);
      round_trip(traits.type, values, std::vector<float>(256, 1e6F));
    }
  }
}

// Small values must not turn into infinities or NaNs by way of reciprocals.
TEST(Quantize, finite_values_stay_finite_at_every_magnitude) {
  for (const ElementTraits& traits : element_traits_table) {
    if (!has_quantizer(traits.type)) continue;
    for (int exponent = -149; exponent <= 15; ++exponent) {
      std::vector<float> values = normals(block, 11);
      for (float& value : values) value = std::ldexp(std::clamp(value, -1.9F, 1.9F), exponent);
      for (const float value : round_trip(traits.type, values)) {
        ASSERT_TRUE(std::isfinite(value)) << traits.name << " 2^" << exponent;
        // Scales below 2^-14 are whole units of 2^-24: half of one, times the largest group scale and quant: of Q5_K,
        // and of IQ4_XS.
        const float largest = traits.type == ElementType::iq4_xs ? 32 * 127 : 63 * 31;
        ASSERT_LE(std::fabs(value), std::ldexp(2.2F, exponent) + largest * 0x1p-25F)
            << traits.name << " 2^" << exponent;
      }
    }
  }
}

}  // namespace
}  // namespace quire
