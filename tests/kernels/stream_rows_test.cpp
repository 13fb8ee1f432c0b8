// What rows of several streams meet: sums of them by weights, their magnitude, and what a gate has above its mean.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "kernels/weights.h"

namespace quire::test {
namespace {

const std::vector<int64_t> row_lengths = {1, 2, 7, 15, 16, 17, 33, 100, 288, 2048};

// Of different sizes, subnormal ones among them.
std::vector<float> uneven_floats(int64_t count, Random& random) {
  auto values = random_floats(count, random, 4.0F);
  for (float& value : values) {
    if (random() % 8 == 0) value *= random() % 2 == 0 ? 50.0F : 1e-39F;
  }
  return values;
}

// Equal, and no zero has another sign.
bool equal_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::ranges::equal(a, b, {}, std::bit_cast<uint32_t, float>, std::bit_cast<uint32_t, float>);
}

// mean and standard deviation of a row.
std::pair<double, double> moments_of(const std::vector<float>& x) {
  double mean = 0.0, square = 0.0;
  for (const float value : x) mean += static_cast<double>(value) / static_cast<double>(x.size());
  for (const float value : x) square += (value - mean) * (value - mean) / static_cast<double>(x.size());
  return {mean, std::sqrt(square)};
}

TEST(KeepExcess, leaves_what_is_above_the_mean_and_some_deviations) {
  Random random(22);
  for (const int64_t n : row_lengths) {
    for (const float deviations : {1.6448536F, 0.0F, -0.7F}) {
      auto x = random_floats(n, random, 3.0F);
      for (float& value : x) value += 1.0F;
      const auto before = x;
      const auto [mean, deviation] = moments_of(before);
      find_kernel_table("scalar")->keep_excess(x.data(), deviations, n);
      for (size_t i = 0; i < x.size(); ++i) {
        // The limit is off by some roundings of values that are 16 at most.
        EXPECT_NEAR(x[i], std::max(0.0, before[i] - (mean + deviations * deviation)), 1e-5) << n;
      }
    }
  }
}

TEST(KeepExcess, has_the_bits_of_the_scalar_table_in_every_table) {
  Random random(26);
  for (const int64_t n : row_lengths) {
    const auto x = uneven_floats(n, random);
    auto expected = x;
    find_kernel_table("scalar")->keep_excess(expected.data(), 1.25F, n);
    for (const KernelTable* table : supported_kernel_tables()) {
      auto found = x;
      table->keep_excess(found.data(), 1.25F, n);
      EXPECT_TRUE(equal_bits(found, expected)) << table->name << " " << n;
    }
  }
}

TEST(KeepExcess, of_a_row_with_a_nan_is_nan) {
  for (const KernelTable* table : supported_kernel_tables()) {
    for (const size_t where : {0, 5, 20}) {
      std::vector<float> x(21, 1.0F);
      x[where] = std::numeric_limits<float>::quiet_NaN();
      table->keep_excess(x.data(), 1.0F, std::ssize(x));
      for (const float value : x) EXPECT_TRUE(std::isnan(value)) << table->name;
    }
  }
}

TEST(MeanSquare, is_that_of_the_norm_in_every_table) {
  Random random(23);
  for (const int64_t n : row_lengths) {
    const auto x = random_floats(n, random, 3.0F);
    double exact = 0.0;
    for (const float value : x) exact += static_cast<double>(value) * value / static_cast<double>(n);
    const float found = find_kernel_table("scalar")->mean_square(x.data(), n);
    EXPECT_NEAR(found, exact, exact * (static_cast<double>(n) / 16 + 6) * 0x1p-24);
    const auto mixed = uneven_floats(n, random);
    const float expected = find_kernel_table("scalar")->mean_square(mixed.data(), n);
    for (const KernelTable* table : supported_kernel_tables()) {
      EXPECT_EQ(std::bit_cast<uint32_t>(table->mean_square(mixed.data(), n)), std::bit_cast<uint32_t>(expected))
          << table->name << " " << n;
    }
  }
}

// Rows and the places of them that MixArgs asks for.
struct MixedRows {
  MixedRows(int64_t count, int64_t n, Random& random) {
    for (int64_t row = 0; row < count; ++row) rows.push_back(uneven_floats(n, random));
  }
  std::vector<float*> places() {
    std::vector<float*> found;
    for (auto& row : rows) found.push_back(row.data());
    return found;
  }
  std::vector<std::vector<float>> rows;
};

// From x, or without one from y itself.
void mix_rows(const KernelTable& table, MixedRows& y, MixedRows* x, const std::vector<float>& weights) {
  const std::vector<float*> to = y.places(), from = x == nullptr ? to : x->places();
  table.mix({.y = to.data(),
             .x = from.data(),
             .weights = weights.data(),
             .y_count = std::ssize(to),
             .x_count = std::ssize(from),
             .n = std::ssize(y.rows.front())});
}

TEST(Mix, adds_weighted_sums_of_rows_as_they_were) {
  Random random(24);
  MixedRows y(3, 40, random), x(2, 40, random);
  const auto by_x = random_floats(6, random), by_y = random_floats(9, random);
  MixedRows apart = y, in_place = y;
  mix_rows(*find_kernel_table("scalar"), apart, &x, by_x);
  mix_rows(*find_kernel_table("scalar"), in_place, nullptr, by_y);
  for (size_t k = 0; k < 3; ++k) {
    for (size_t i = 0; i < 40; ++i) {
      double exact = y.rows[k][i], size = std::abs(exact), own = exact, own_size = size;
      for (size_t j = 0; j < 2; ++j) {
        exact += double{by_x[k * 2 + j]} * x.rows[j][i];
        size += std::abs(double{by_x[k * 2 + j]} * x.rows[j][i]);
      }
      for (size_t j = 0; j < 3; ++j) {
        own += double{by_y[k * 3 + j]} * y.rows[j][i];
        own_size += std::abs(double{by_y[k * 3 + j]} * y.rows[j][i]);
      }
      EXPECT_NEAR(apart.rows[k][i], exact, size * 0x1p-22);
      EXPECT_NEAR(in_place.rows[k][i], own, own_size * 0x1p-22);
    }
  }
}

TEST(Mix, has_the_bits_of_the_scalar_table_in_every_table) {
  Random random(25);
  for (const int64_t n : row_lengths) {
    for (const int64_t y_count : {1, 3, 4, 8}) {
      for (const int64_t x_count : {1, 2, 8}) {
        MixedRows y(y_count, n, random), x(x_count, n, random);
        const auto weights = uneven_floats(y_count * std::max(x_count, y_count), random);
        for (MixedRows* from : {&x, static_cast<MixedRows*>(nullptr)}) {
          MixedRows expected = y;
          mix_rows(*find_kernel_table("scalar"), expected, from, weights);
          for (const KernelTable* table : supported_kernel_tables()) {
            MixedRows found = y;
            mix_rows(*table, found, from, weights);
            for (size_t row = 0; row < y.rows.size(); ++row) {
              EXPECT_TRUE(equal_bits(found.rows[row], expected.rows[row])) << table->name << " " << n;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace quire::test
