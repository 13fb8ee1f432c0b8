// The operations on one row, and the quantizing of activations.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

#include "kernels/weights.h"

namespace quire::test {
namespace {

const std::vector<int64_t> lengths = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 64, 100, 288, 1000, 2048};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::vector<float> mixed_floats(int64_t count, Random& random) {
  auto values = random_floats(count, random, 4.0F);
  for (float& value : values) {
    const uint64_t kind = random() % 16;
    if (kind == 0) value *= 50.0F;
    if (kind == 1) value *= 1e-20F;
    if (kind == 2) value = std::copysign(0.0F, value);
    if (kind == 3) value *= 1e-39F;  // subnormal
  }
  return values;
}

TEST(ExpApprox, is_within_two_parts_in_ten_million) {
  double worst = 0;
  for (uint32_t bits = 0; bits < 0x42B00000U; bits += 977) {  // 0 to 88, and to -87
    for (const float x : {std::bit_cast<float>(bits), -std::bit_cast<float>(bits)}) {
      if (x < -87.0F) continue;
      const double exact = std::exp(static_cast<double>(x));
      worst = std::max(worst, std::abs(exp_approx(x) - exact) / exact);
    }
  }
  EXPECT_LT(worst, 2e-7);
}

TEST(ExpApprox, is_defined_everywhere) {
  EXPECT_EQ(exp_approx(0.0F), 1.0F);
  EXPECT_EQ(exp_approx(-0.0F), 1.0F);
  EXPECT_EQ(exp_approx(-87.5F), 0.0F);
  EXPECT_EQ(exp_approx(-std::numeric_limits<float>::infinity()), 0.0F);
  EXPECT_EQ(exp_approx(200.0F), exp_approx(88.0F));
  EXPECT_EQ(exp_approx(std::numeric_limits<float>::infinity()), exp_approx(88.0F));
  EXPECT_TRUE(std::isnan(exp_approx(std::numeric_limits<float>::quiet_NaN())));
}

TEST(RmsNorm, divides_by_the_root_of_the_mean_square) {
  Random random(1);
  for (const int64_t n : lengths) {
    const auto x = random_floats(n, random);
    const auto weight = random_floats(n, random);
    std::vector<float> y(x.size());
    find_kernel_table("scalar")->rms_norm(x.data(), weight.data(), 1e-5F, n, y.data());
    double squares = 0;
    for (const float value : x) squares += static_cast<double>(value) * value;
    const double factor = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-5);
    for (size_t i = 0; i < x.size(); ++i) {
      // Positive terms: n/16 + 4 additions, then division, root, division and two products.
      const double bound = (static_cast<double>(n) / 16 + 10) * 0x1p-24;
      EXPECT_NEAR(y[i], x[i] * factor * weight[i], std::abs(x[i] * factor * weight[i]) * bound);
    }
  }
}

TEST(RmsNorm, has_the_bits_of_the_scalar_table_in_every_table_and_in_place) {
  Random random(2);
  for (const int64_t n : lengths) {
    const auto x = mixed_floats(n, random);
    const auto weight = mixed_floats(n, random);
    std::vector<float> expected(x.size());
    find_kernel_table("scalar")->rms_norm(x.data(), weight.data(), 1e-6F, n, expected.data());
    for (const KernelTable* table : supported_kernel_tables()) {
      std::vector<float> y(x.size());
      table->rms_norm(x.data(), weight.data(), 1e-6F, n, y.data());
      EXPECT_TRUE(same_bits(y, expected)) << table->name << " " << n;
      y = x;
      table->rms_norm(y.data(), weight.data(), 1e-6F, n, y.data());
      EXPECT_TRUE(same_bits(y, expected)) << table->name << " " << n << " in place";
    }
  }
}

TEST(Rope, turns_each_pair_by_its_angle) {
  Random random(3);
  for (const bool neox : {false, true}) {
    const int64_t head_dim = 10;
    const int64_t rotary = 6;
    auto x = random_floats(2 * head_dim, random);
    const auto before = x;
    std::vector<float> cosines;
    std::vector<float> sines;
    for (int d = 0; d < 3; ++d) {
      cosines.push_back(static_cast<float>(std::cos(d + 0.5)));
      sines.push_back(static_cast<float>(std::sin(d + 0.5)));
    }
    find_kernel_table("scalar")->rope(x.data(), 2, head_dim, rotary, neox, cosines.data(), sines.data());
    for (size_t head = 0; head < 2; ++head) {
      for (size_t d = 0; d < 3; ++d) {
        const size_t first = head * 10 + (neox ? d : 2 * d);
        const size_t second = head * 10 + (neox ? d + 3 : 2 * d + 1);
        EXPECT_NEAR(x[first], before[first] * cosines[d] - before[second] * sines[d], 1e-6);
        EXPECT_NEAR(x[second], before[second] * cosines[d] + before[first] * sines[d], 1e-6);
      }
      for (size_t d = 6; d < 10; ++d) EXPECT_EQ(x[head * 10 + d], before[head * 10 + d]);
    }
  }
}

TEST(Rope, has_the_bits_of_the_scalar_table_in_every_table) {
  Random random(4);
  for (const bool neox : {false, true}) {
    for (const int64_t head_dim : {2, 8, 12, 20, 64, 80, 96, 128}) {
      for (const int64_t rotary : {int64_t{2}, head_dim / 2 / 2 * 2, head_dim}) {
        const auto x = mixed_floats(5 * head_dim, random);
        const auto cosines = random_floats(rotary / 2, random);
        const auto sines = random_floats(rotary / 2, random);
        auto expected = x;
        find_kernel_table("scalar")->rope(expected.data(), 5, head_dim, rotary, neox, cosines.data(), sines.data());
        for (const KernelTable* table : supported_kernel_tables()) {
          auto y = x;
          table->rope(y.data(), 5, head_dim, rotary, neox, cosines.data(), sines.data());
          EXPECT_TRUE(same_bits(y, expected)) << table->name << " head_dim " << head_dim << " rotary " << rotary;
        }
      }
    }
  }
}

TEST(SiluMul, is_the_gate_over_one_plus_exp_times_up) {
  Random random(5);
  auto gate = random_floats(1000, random, 10.0F);
  const auto before = gate;
  const auto up = random_floats(1000, random);
  find_kernel_table("scalar")->silu_mul(gate.data(), up.data(), 1000);
  for (size_t i = 0; i < gate.size(); ++i) {
    const double exact = before[i] / (1 + std::exp(-static_cast<double>(before[i]))) * up[i];
    EXPECT_NEAR(gate[i], exact, std::abs(exact) * 5e-7);
  }
}

TEST(LayerNorm, is_what_its_definition_says) {
  Random random(8);
  for (const int64_t n : {1, 17, 384, 1000}) {
    const auto x = random_floats(n, random, 3.0F);
    const auto weight = random_floats(n, random);
    const auto bias = random_floats(n, random);
    for (const bool has_bias : {false, true}) {
      std::vector<float> y(x.size());
      const float* const bias_values = has_bias ? bias.data() : nullptr;
      find_kernel_table("scalar")->layer_norm(x.data(), weight.data(), bias_values, 1e-5F, n, y.data());
      double mean = 0.0, square = 0.0;
      for (const float value : x) mean += static_cast<double>(value) / static_cast<double>(n);
      for (const float value : x) square += (value - mean) * (value - mean) / static_cast<double>(n);
      for (size_t i = 0; i < x.size(); ++i) {
        const double normed = (x[i] - mean) / std::sqrt(square + 1e-5);
        const double exact = normed * weight[i] + (has_bias ? bias[i] : 0.0F);
        // Roundings of x - mean (2^-24 of x, which is at most some 12) and of what follows.
        EXPECT_NEAR(y[i], exact, 4e-6 * (1.0 + std::abs(exact))) << n;
      }
    }
  }
}

TEST(Gelu, is_the_tanh_form) {
  Random random(9);
  auto gate = random_floats(1000, random, 4.0F);
  gate[0] = 0.0F, gate[1] = 40.0F, gate[2] = -40.0F, gate[3] = 1e-6F;
  const auto before = gate;
  const auto up = random_floats(1000, random);
  auto alone = gate;
  const KernelTable* const scalar = find_kernel_table("scalar");
  scalar->gelu_mul(gate.data(), up.data(), 1000);
  scalar->gelu(alone.data(), 1000);
  for (size_t i = 0; i < gate.size(); ++i) {
    const double x = before[i];
    const double exact = 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    // exp's argument is up to 88 and rounded to 2^-24 of itself, where the result is next to nothing.
    EXPECT_NEAR(alone[i], exact, 1e-6 * std::abs(x)) << x;
    EXPECT_EQ(gate[i], alone[i] * up[i]);
  }
}

TEST(GeluErf, is_x_times_the_normal_distribution) {
  Random random(12);
  auto gate = random_floats(1000, random, 4.0F);
  gate[0] = 0.0F, gate[1] = 40.0F, gate[2] = -40.0F, gate[3] = 1e-6F, gate[4] = 13.3F, gate[5] = -13.3F;
  const auto before = gate;
  const auto up = random_floats(1000, random);
  auto alone = gate;
  const KernelTable* const scalar = find_kernel_table("scalar");
  scalar->gelu_erf_mul(gate.data(), up.data(), 1000);
  scalar->gelu_erf(alone.data(), 1000);
  for (size_t i = 0; i < gate.size(); ++i) {
    const double x = before[i];
    // The polynomial is off by 1.3e-7 of a tail of at most 1 / 2; exp, t, h and the result by some roundings.
    EXPECT_NEAR(alone[i], 0.5 * x * std::erfc(-x / std::sqrt(2.0)), 3e-7 * std::abs(x)) << x;
    EXPECT_EQ(gate[i], alone[i] * up[i]);
  }
}

TEST(Softcap, is_the_tanh_of_a_part) {
  Random random(10);
  for (const float cap : {2.0F, 30.0F, 50.0F}) {
    auto x = random_floats(1000, random, 2 * cap);
    x[0] = 0.0F, x[1] = 1e30F, x[2] = -1e30F;
    const auto before = x;
    find_kernel_table("scalar")->softcap(x.data(), cap, 1000);
    for (size_t i = 0; i < x.size(); ++i) {
      const double exact = cap * std::tanh(static_cast<double>(before[i]) / cap);
      EXPECT_NEAR(x[i], exact, 4e-7 * cap) << before[i];  // 2 / (1 + e) is rounded to 2^-24
    }
  }
}

TEST(ClampedSwiglu, bounds_both_of_its_operands) {
  Random random(12);
  auto gate = random_floats(1000, random, 8.0F);
  gate[0] = -100.0F, gate[1] = 100.0F;
  auto up = random_floats(1000, random, 8.0F);
  up[1] = 100.0F, up[2] = -100.0F;
  const auto before = gate;
  find_kernel_table("scalar")->clamped_swiglu(gate.data(), up.data(), 1000);
  for (size_t i = 0; i < gate.size(); ++i) {
    const double g = std::min(double{before[i]}, 7.0), u = std::clamp(double{up[i]}, -7.0, 7.0);
    const double exact = g / (1.0 + std::exp(-1.702 * g)) * (u + 1.0);
    EXPECT_NEAR(gate[i], exact, 3e-6 * std::abs(g)) << before[i] << " " << up[i];
  }
}

TEST(SigmoidAndSoftplus, are_within_a_few_roundings) {
  Random random(13);
  auto x = random_floats(4000, random, 10.0F);
  x[0] = 0.0F, x[1] = 1e30F, x[2] = -1e30F, x[3] = 1e-30F;
  auto sigmoid = x, softplus = x;
  find_kernel_table("scalar")->sigmoid(sigmoid.data(), std::ssize(x));
  find_kernel_table("scalar")->softplus(softplus.data(), std::ssize(x));
  for (size_t i = 0; i < x.size(); ++i) {
    const double value = x[i];
    // exp's argument is rounded to 2^-24 of itself; below -87 exp is 0, and so is what is made of it.
    EXPECT_NEAR(sigmoid[i], 1.0 / (1.0 + std::exp(-value)), 4e-7) << value;
    const double exact = std::max(value, 0.0) + std::log1p(std::exp(-std::abs(value)));
    EXPECT_NEAR(softplus[i], exact, 4e-7 * exact + 1e-37) << value;
  }
}

TEST(Softmax, sums_to_one_in_the_proportions_of_exp) {
  Random random(14);
  for (const int64_t n : lengths) {
    auto x = random_floats(n, random, 5.0F);
    const auto before = x;
    find_kernel_table("scalar")->softmax(x.data(), n);
    double sum = 0.0;
    for (const float value : before) sum += std::exp(double{value});
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i] * sum / std::exp(double{before[i]}), 1.0, 2e-6) << n;
  }
}

// Above all of the router of a row that has one: its own results are NaN, and choices among them are possible.
TEST(Softmax, of_a_row_with_a_nan_is_nan) {
  for (const KernelTable* table : supported_kernel_tables()) {
    for (const size_t where : {0, 5, 20}) {
      std::vector<float> x(21, 1.0F);
      x[where] = std::numeric_limits<float>::quiet_NaN();
      table->softmax(x.data(), std::ssize(x));
      for (const float value : x) EXPECT_TRUE(std::isnan(value)) << table->name;
    }
  }
}

TEST(NormsAndActivations, have_the_bits_of_the_scalar_table_in_every_table) {
  using Run = std::function<void(const KernelTable&, std::vector<float>& x, const std::vector<float>& y)>;
  const std::vector<std::pair<const char*, Run>> runs = {
      {"gelu", [](const auto& table, auto& x, const auto&) { table.gelu(x.data(), std::ssize(x)); }},
      {"gelu_mul",
       [](const auto& table, auto& x, const auto& y) { table.gelu_mul(x.data(), y.data(), std::ssize(x)); }},
      {"relu_squared", [](const auto& table, auto& x, const auto&) { table.relu_squared(x.data(), std::ssize(x)); }},
      {"clamped_swiglu",
       [](const auto& table, auto& x, const auto& y) { table.clamped_swiglu(x.data(), y.data(), std::ssize(x)); }},
      {"sigmoid", [](const auto& table, auto& x, const auto&) { table.sigmoid(x.data(), std::ssize(x)); }},
      {"softplus", [](const auto& table, auto& x, const auto&) { table.softplus(x.data(), std::ssize(x)); }},
      {"softmax", [](const auto& table, auto& x, const auto&) { table.softmax(x.data(), std::ssize(x)); }},
      {"multiply",
       [](const auto& table, auto& x, const auto& y) { table.multiply(x.data(), y.data(), std::ssize(x)); }},
      {"add_scaled",
       [](const auto& table, auto& x, const auto& y) { table.add_scaled(x.data(), y.data(), 0.3F, std::ssize(x)); }},
      {"gelu_erf", [](const auto& table, auto& x, const auto&) { table.gelu_erf(x.data(), std::ssize(x)); }},
      {"gelu_erf_mul",
       [](const auto& table, auto& x, const auto& y) { table.gelu_erf_mul(x.data(), y.data(), std::ssize(x)); }},
      {"scale", [](const auto& table, auto& x, const auto&) { table.scale(x.data(), 0.3F, std::ssize(x)); }},
      {"softcap", [](const auto& table, auto& x, const auto&) { table.softcap(x.data(), 7.0F, std::ssize(x)); }},
      {"layer_norm",
       [](const auto& table, auto& x, const auto& y) {
         table.layer_norm(x.data(), y.data(), nullptr, 1e-5F, std::ssize(x), x.data());
       }},
      {"layer_norm with a bias", [](const auto& table, auto& x, const auto& y) {
         table.layer_norm(x.data(), y.data(), y.data(), 1e-5F, std::ssize(x), x.data());
       }}};
  Random random(11);
  for (const int64_t n : lengths) {
    const auto x = mixed_floats(n, random);
    const auto y = mixed_floats(n, random);
    for (const auto& [name, run] : runs) {
      auto expected = x;
      run(*find_kernel_table("scalar"), expected, y);
      for (const KernelTable* table : supported_kernel_tables()) {
        auto other = x;
        run(*table, other, y);
        EXPECT_TRUE(same_bits(other, expected)) << table->name << " " << name << " " << n;
      }
    }
  }
}

TEST(Largest, is_the_first_of_the_largest_in_every_table) {
  Random random(21);
  const auto expect = [](const std::vector<float>& x, int64_t place) {
    for (const KernelTable* table : supported_kernel_tables()) {
      EXPECT_EQ(table->largest(x.data(), std::ssize(x)), place) << table->name << " of " << x.size();
    }
  };
  for (const int64_t n : {1, 2, 15, 16, 17, 100, 511, 512, 513, 1024, 5000}) {
    for (const float step : {0.0F, 1.0F}) {  // many are equal
      auto x = random_floats(n, random, 4.0F);
      for (float& value : x) value = step > 0.0F ? std::round(value / step) * step : value;
      if (n > 100) std::fill_n(x.begin(), 99, -std::numeric_limits<float>::infinity());
      expect(x, std::ranges::max_element(x) - x.begin());
      for (auto& value : x) value -= 100.0F;  // none is above 0
      expect(x, std::ranges::max_element(x) - x.begin());
    }
  }
}

TEST(Largest, is_nowhere_where_an_element_is_no_number_or_none_is_above_minus_infinity) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const KernelTable* table : supported_kernel_tables()) {
    for (const int64_t n : {1, 16, 100, 513, 2000}) {
      std::vector<float> x(static_cast<size_t>(n), -infinity);
      EXPECT_EQ(table->largest(x.data(), n), -1) << table->name;
      for (const float broken : {infinity, std::nanf(""), -std::nanf("")}) {
        for (const int64_t at : {int64_t{0}, n / 2, n - 1}) {
          x.assign(static_cast<size_t>(n), 1.0F);
          x[static_cast<size_t>(at)] = broken;
          EXPECT_EQ(table->largest(x.data(), n), -1) << table->name << " " << n << " " << at << " " << broken;
        }
      }
    }
    EXPECT_EQ(table->largest(nullptr, 0), -1) << table->name;
    const std::vector<float> x = {-infinity, -std::numeric_limits<float>::max(), -infinity};
    EXPECT_EQ(table->largest(x.data(), std::ssize(x)), 1) << table->name;
  }
}

TEST(SiluMulAndAdd, have_the_bits_of_the_scalar_table_in_every_table) {
  Random random(6);
  for (const int64_t n : lengths) {
    const auto x = mixed_floats(n, random);
    const auto y = mixed_floats(n, random);
    auto silu = x;
    auto sum = x;
    find_kernel_table("scalar")->silu_mul(silu.data(), y.data(), n);
    find_kernel_table("scalar")->add(sum.data(), y.data(), n);
    for (const KernelTable* table : supported_kernel_tables()) {
      auto other = x;
      table->silu_mul(other.data(), y.data(), n);
      EXPECT_TRUE(same_bits(other, silu)) << table->name << " silu_mul " << n;
      other = x;
      table->add(other.data(), y.data(), n);
      EXPECT_TRUE(same_bits(other, sum)) << table->name << " add " << n;
    }
  }
}

TEST(QuantizeActivations, rounds_to_the_nearest_of_255_steps) {
  Random random(7);
  const Rows x(*find_kernel_table("scalar"), random_floats(4 * 256, random), 4, 256);
  const std::vector<QuantizedGroup> groups = x.groups();
  for (size_t g = 0; g < 32; ++g) {
    const auto& [quants, terms] = groups[g];
    float max = 0;
    int sums[2] = {0, 0};
    for (size_t k = 0; k < 32; ++k) {
      const float value = x.values[g * 32 + k];
      max = std::max(max, std::abs(value));
      EXPECT_LE(std::abs(quants[k]), 127);
      EXPECT_NEAR(terms.scale * static_cast<float>(quants[k]), value, terms.scale * 0.50001F);
      sums[k / 16] += quants[k];
    }
    EXPECT_EQ(terms.scale, max / 127.0F);
    EXPECT_EQ(terms.minus_first, -sums[0]);
    EXPECT_EQ(terms.minus_sum, -sums[0] - sums[1]);
    EXPECT_EQ(terms.scaled_sum, terms.scale * static_cast<float>(sums[0] + sums[1]));
  }
}

TEST(QuantizeActivations, has_the_bits_of_the_scalar_table_in_every_table) {
  Random random(8);
  for (const int64_t inputs : {32, 64, 96, 1024}) {
    auto values = mixed_floats(7 * inputs, random);
    for (size_t k = 0; k < 32; ++k) values[k] = 0.0F;
    values[40 % values.size()] = std::numeric_limits<float>::max();
    values[static_cast<size_t>(inputs)] = std::numeric_limits<float>::infinity();
    values[static_cast<size_t>(2 * inputs) + 5] = -std::numeric_limits<float>::quiet_NaN();
    for (size_t k = 0; k < 32; ++k) values[static_cast<size_t>(3 * inputs) + k] *= 1e-33F;  // below the floor
    for (size_t k = 0; k < 32; ++k) {  // halves: ties between two steps
      values[static_cast<size_t>(4 * inputs) + k] = k == 0 ? 127.0F : static_cast<float>(k) - 15.5F;
    }
    const std::vector<QuantizedGroup> expected = Rows(*find_kernel_table("scalar"), values, 7, inputs).groups();
    const auto row_groups = static_cast<size_t>(inputs / 32);
    EXPECT_TRUE(std::isnan(expected[row_groups].terms.scale));
    EXPECT_EQ(expected[row_groups].quants[0], 0);
    EXPECT_EQ(expected[4 * row_groups].quants[1], -14);  // -14.5
    EXPECT_EQ(expected[4 * row_groups].quants[2], -14);  // -13.5
    for (const KernelTable* table : supported_kernel_tables()) {
      for (const int64_t tile_rows : {1, 3, 5, 16}) {
        const std::vector<QuantizedGroup> found = Rows(*table, values, 7, inputs).groups(tile_rows);
        ASSERT_EQ(found.size(), expected.size());
        EXPECT_EQ(std::memcmp(found.data(), expected.data(), found.size() * sizeof(QuantizedGroup)), 0)
            << table->name << ", tiles of " << tile_rows;
      }
    }
  }
}

TEST(KernelTables, begin_with_scalar_and_are_found_by_name) {
  ASSERT_FALSE(supported_kernel_tables().empty());
  EXPECT_EQ(supported_kernel_tables().front()->name, "scalar");
  for (const KernelTable* table : supported_kernel_tables()) EXPECT_EQ(find_kernel_table(table->name), table);
  EXPECT_EQ(find_kernel_table("no such table"), nullptr);
}

}  // namespace
}  // namespace quire::test
