// Mixtures of experts against plain loops in double precision, and the same bits alone and in company.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "backend/cpu/expert_choice.h"
#include "backend/on_cpu.h"

namespace quire::test {
namespace {

struct Chosen {
  std::vector<int32_t> experts;
  std::vector<float> weights;
};

Chosen choose(const KernelTable& kernels, const ExpertRule& rule, std::vector<float> logits, size_t used,
              const std::vector<float>& correction = {}, const std::vector<float>& scales = {}) {
  Chosen chosen{.experts = std::vector<int32_t>(used), .weights = std::vector<float>(used)};
  choose_experts_of_row(kernels, rule,
                        {.logits = logits,
                         .correction = correction,
                         .scales = scales,
                         .experts = chosen.experts,
                         .weights = chosen.weights});
  return chosen;
}

TEST(ExpertChoice, is_by_score_then_by_number_and_comes_in_ascending_order) {
  for (const KernelTable* kernels : supported_kernel_tables()) {
    const ExpertRule softmax;
    const Chosen chosen = choose(*kernels, softmax, {1.0F, 3.0F, 2.0F, 3.0F, 3.0F, 2.0F}, 4);
    EXPECT_EQ(chosen.experts, (std::vector<int32_t>{1, 2, 3, 4}));
    const double sum = std::exp(1.0) + 2 * std::exp(2.0) + 3 * std::exp(3.0);
    EXPECT_NEAR(chosen.weights[0], std::exp(3.0) / sum, 1e-6);
    EXPECT_NEAR(chosen.weights[1], std::exp(2.0) / sum, 1e-6);
    EXPECT_EQ(choose(*kernels, softmax, {0.0F, 0.0F, 0.0F}, 2).experts, (std::vector<int32_t>{0, 1}));
    EXPECT_EQ(choose(*kernels, softmax, {0.0F, 1.0F}, 2).experts, (std::vector<int32_t>{0, 1}));
  }
}

TEST(ExpertChoice, corrects_scores_only_where_they_choose) {
  const KernelTable& kernels = *supported_kernel_tables().back();
  const ExpertRule sigmoid{.gating = ExpertGating::sigmoid};
  const Chosen chosen = choose(kernels, sigmoid, {2.0F, 0.0F, 1.0F, -1.0F}, 2, {-1.0F, 0.0F, 0.0F, 0.9F});
  EXPECT_EQ(chosen.experts, (std::vector<int32_t>{2, 3}));
  EXPECT_NEAR(chosen.weights[0], 1 / (1 + std::exp(-1.0)), 1e-6);
  EXPECT_NEAR(chosen.weights[1], 1 / (1 + std::exp(1.0)), 1e-6);
}

TEST(ExpertChoice, multiplies_weights_by_each_experts_scale_at_last) {
  const KernelTable& kernels = *supported_kernel_tables().back();
  const ExpertRule rule{.gating = ExpertGating::softmax, .normalized = true};
  const std::vector<float> logits = {0.5F, -1.0F, 2.0F, 1.0F};
  const Chosen plain = choose(kernels, rule, logits, 2);
  const Chosen scaled = choose(kernels, rule, logits, 2, {}, {9.0F, 8.0F, 0.5F, 3.0F});
  EXPECT_EQ(scaled.experts, plain.experts) << "it has no part in choosing";
  EXPECT_EQ(scaled.weights[0], 0.5F * plain.weights[0]);
  EXPECT_EQ(scaled.weights[1], 3.0F * plain.weights[1]);
}

TEST(ExpertChoice, makes_weights_by_its_rule) {
  const KernelTable& kernels = *supported_kernel_tables().back();
  const std::vector<float> logits = {0.5F, -1.0F, 2.0F, 1.0F};
  const double of_two = std::exp(2.0) / (std::exp(2.0) + std::exp(1.0));
  const auto first = [&](const ExpertRule& rule) { return choose(kernels, rule, logits, 2).weights[0]; };
  EXPECT_NEAR(first({.gating = ExpertGating::softmax_of_chosen}), of_two, 1e-6);
  EXPECT_NEAR(first({.gating = ExpertGating::softmax, .normalized = true}), of_two, 1e-6);
  EXPECT_NEAR(first({.gating = ExpertGating::softmax, .normalized = true, .scale = 2.5F}), 2.5 * of_two, 3e-6);
  // A sum that is next to nothing is taken as 2^-14.
  const Chosen small = choose(kernels, {.gating = ExpertGating::sigmoid, .normalized = true}, {-20.0F, -30.0F}, 1);
  EXPECT_NEAR(small.weights[0], std::exp(-20.0) * 0x1p14, 1e-9);
}

TEST(ExpertChoice, is_of_the_best_groups) {
  for (const KernelTable* kernels : supported_kernel_tables()) {
    const auto chosen = [&](ExpertRule rule, int64_t groups_used, const std::vector<float>& logits, size_t used,
                            const std::vector<float>& correction = {}) {
      rule.groups = 3;
      rule.groups_used = groups_used;
      return choose(*kernels, rule, logits, used, correction).experts;
    };
    const ExpertRule sigmoid{.gating = ExpertGating::sigmoid};
    // The second group has the best expert, the third the two best ones.
    const std::vector<float> logits = {0.0F, 0.1F, 3.0F, -9.0F, 1.0F, 2.0F};
    EXPECT_EQ(chosen(sigmoid, 1, logits, 1), (std::vector<int32_t>{5}));
    EXPECT_EQ(chosen(sigmoid, 1, logits, 2), (std::vector<int32_t>{4, 5}));
    EXPECT_EQ(chosen({.gating = ExpertGating::sigmoid, .group_best = 1}, 1, logits, 2), (std::vector<int32_t>{2, 3}));
    EXPECT_EQ(chosen({.gating = ExpertGating::softmax, .group_best = 1}, 2, logits, 3),
              (std::vector<int32_t>{2, 4, 5}));
    EXPECT_EQ(chosen(sigmoid, 3, logits, 3), (std::vector<int32_t>{2, 4, 5}));
    // Corrections count for groups too, and groups that are as good as others are taken in order.
    EXPECT_EQ(chosen(sigmoid, 1, logits, 2, {2.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F}), (std::vector<int32_t>{0, 1}));
    EXPECT_EQ(chosen(sigmoid, 1, std::vector<float>(6, 1.0F), 2), (std::vector<int32_t>{0, 1}));
    EXPECT_EQ(chosen(sigmoid, 2, std::vector<float>(6, 1.0F), 3), (std::vector<int32_t>{0, 1, 2}));
    // Better than what is left: corrected scores below zero.
    EXPECT_EQ(chosen(sigmoid, 1, logits, 2, std::vector<float>(6, -5.0F)), (std::vector<int32_t>{4, 5}));
  }
}

TEST(ExpertChoice, of_a_row_of_nan_is_still_one) {
  for (const ExpertGating gating : {ExpertGating::softmax, ExpertGating::sigmoid, ExpertGating::softmax_of_chosen}) {
    for (const KernelTable* kernels : supported_kernel_tables()) {
      std::vector<float> logits(20, 1.0F);
      logits[7] = std::numeric_limits<float>::quiet_NaN();
      const Chosen chosen = choose(*kernels, {.gating = gating}, logits, 8);
      EXPECT_TRUE(std::ranges::is_sorted(chosen.experts, std::ranges::less_equal())) << kernels->name;
      EXPECT_GE(chosen.experts.front(), 0);
      EXPECT_LT(chosen.experts.back(), 20);
      const Chosen of_groups = choose(*kernels, {.gating = gating, .groups = 4, .groups_used = 2}, logits, 8);
      EXPECT_TRUE(std::ranges::is_sorted(of_groups.experts, std::ranges::less_equal())) << kernels->name;
      EXPECT_GE(of_groups.experts.front(), 0);
      EXPECT_LT(of_groups.experts.back(), 20);
    }
  }
}

// Experts of some types, and rows that meet them. hidden is no whole number of panels.
class Mixture {
 public:
  static constexpr int64_t experts = 6, used = 2, width = 64, hidden = 96, rows = 23;
  static constexpr ExpertShape shape{.count = experts, .used = used, .width = width, .hidden = hidden};

  Mixture(ElementType gate_type, ElementType up_type, ElementType down_type, Activation activation, bool gated,
          bool biased)
      : activation_(activation),
        gated_(gated),
        gate_(gate_type, experts * hidden, width, 1),
        up_(up_type, experts * hidden, width, 2),
        down_(down_type, experts * width, hidden, 3),
        gate_bias_(experts, biased ? hidden : 0, 4),
        up_bias_(experts, biased ? hidden : 0, 5),
        down_bias_(experts, biased ? width : 0, 6) {
    for (auto [stored, outputs] : {std::pair{&gate_, hidden}, {&up_, hidden}, {&down_, width}}) {
      stored->view.shape[1] = outputs;
      stored->view.shape[2] = experts;
    }
  }

  // Rows [begin, end) of x in one step.
  std::vector<float> compute(CpuBackend& backend, const Buffer& x, int64_t begin, int64_t end) const {
    DeviceArena memory(backend.device(), "weights");
    const auto vector = [&](const Buffer& values) { return backend.load_vector(values.values, memory).value(); };
    const Matrix gate = gated_ ? load(backend, gate_.view, memory) : Matrix{};
    const Matrix up = load(backend, up_.view, memory), down = load(backend, down_.view, memory);
    const DeviceVector gate_bias = vector(gate_bias_), up_bias = vector(up_bias_), down_bias = vector(down_bias_);
    std::vector<int32_t> chosen;
    std::vector<float> weights;
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t i = 0; i < used; ++i) {
        chosen.push_back(static_cast<int32_t>(expert_of(row, i)));
        weights.push_back(weight_of(row, i));
      }
    }
    const Buffer y(end - begin, width);
    const StepOf step(backend, {}, KvType::f16, shape);
    const Rows some{.values = device_address(row_of(x.rows, begin)), .count = end - begin, .width = width};
    backend.compute_experts(
        some, {.experts = device_address(chosen.data()), .weights = device_address(weights.data()), .used = used},
        {.gate = gate,
         .up = up,
         .down = down,
         .gate_bias = gate_bias,
         .up_bias = up_bias,
         .down_bias = down_bias,
         .activation = activation_},
        y.rows);
    return y.values;
  }

  // (rows, width)
  std::vector<double> expected(const Buffer& x) const {
    std::vector<double> sums(static_cast<size_t>(rows * width));
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t k = 0; k < used; ++k) {
        const int64_t expert = expert_of(row, k);
        std::vector<double> inner;
        for (int64_t h = 0; h < hidden; ++h) inner.push_back(hidden_value(x, row, expert, h));
        for (int64_t i = 0; i < width; ++i) {
          const float* const weights = down_.values.data() + (expert * width + i) * hidden;
          const double own = std::inner_product(inner.begin(), inner.end(), weights, bias(down_bias_, expert, i));
          sums[static_cast<size_t>(row * width + i)] += double{weight_of(row, k)} * own;
        }
      }
    }
    return sums;
  }

 private:
  // Expert 5 is chosen by no row, and 0 by most.
  static int64_t expert_of(int64_t row, int64_t index) {
    return index == 0 && row % 3 > 0 ? 0 : 1 + (row + 2 * index) % 4;
  }
  static float weight_of(int64_t row, int64_t index) { return 0.25F + 0.125F * static_cast<float>((row + index) % 4); }
  static double bias(const Buffer& biases, int64_t expert, int64_t i) {
    return biases.rows.width == 0 ? 0.0 : double{row_of(biases.rows, expert)[i]};
  }
  double product(const Stored& stack, const Buffer& x, int64_t row, int64_t output) const {
    double sum = 0.0;
    for (int64_t k = 0; k < width; ++k) {
      sum += double{stack.values[static_cast<size_t>(output * width + k)]} * double{row_of(x.rows, row)[k]};
    }
    return sum;
  }
  double hidden_value(const Buffer& x, int64_t row, int64_t expert, int64_t h) const {
    const double up = product(up_, x, row, expert * hidden + h) + bias(up_bias_, expert, h);
    const auto gelu = [](double g) {
      return 0.5 * g * (1.0 + std::tanh(std::sqrt(2.0 / std::acos(-1.0)) * (g + 0.044715 * g * g * g)));
    };
    if (!gated_) return gelu(up);
    const double gate = product(gate_, x, row, expert * hidden + h) + bias(gate_bias_, expert, h);
    if (activation_ == Activation::gelu) return gelu(gate) * up;
    if (activation_ == Activation::silu) return gate / (1.0 + std::exp(-gate)) * up;
    const double g = std::min(gate, 7.0);
    return g / (1.0 + std::exp(-1.702 * g)) * (std::clamp(up, -7.0, 7.0) + 1.0);
  }

  Activation activation_;
  bool gated_;
  Stored gate_, up_, down_;
  Buffer gate_bias_, up_bias_, down_bias_;
};

void expect_mixture(const Mixture& mixture, double error_max) {
  const Buffer x(Mixture::rows, Mixture::width, 7);
  const auto row_bytes = static_cast<size_t>(Mixture::width) * sizeof(float);
  const std::vector<double> expected = mixture.expected(x);
  const auto expected_at = [&](int64_t row, int64_t i) {
    return expected[static_cast<size_t>(row * Mixture::width + i)];
  };
  std::vector<float> scalar_bits;
  for_each_table([&](CpuBackend& backend) {
    Buffer together(Mixture::rows, Mixture::width);
    const std::vector<float> found = mixture.compute(backend, x, 0, Mixture::rows);
    std::ranges::copy(found, together.values.begin());
    EXPECT_LE(relative_rms_error(together.rows, expected_at), error_max);
    for (int64_t row = 0; row < Mixture::rows; row += 5) {
      const std::vector<float> alone = mixture.compute(backend, x, row, row + 1);
      EXPECT_EQ(0, std::memcmp(alone.data(), row_of(together.rows, row), row_bytes)) << row;
    }
    if (backend.name().starts_with("avx512_bf16")) return;
    if (scalar_bits.empty()) scalar_bits = found;
    EXPECT_EQ(0, std::memcmp(found.data(), scalar_bits.data(), found.size() * sizeof(float)));
  });
}

TEST(Experts, are_computed_for_each_row_as_for_it_alone) {
  using enum ElementType;
  // 0.55 % a quantization of rows, of which there are two, the first seen through both factors of the product.
  expect_mixture(Mixture(q4_0, q4_0, q8_0, Activation::silu, true, false), 0.02);
  expect_mixture(Mixture(f32, f32, f32, Activation::clamped_swiglu, true, true), 2e-6);
  expect_mixture(Mixture(f32, f16, f16, Activation::gelu, false, false), 2e-6);
  // Each form of a row beside the others; bf16 rows are off by 2^-9.
  expect_mixture(Mixture(q8_0, bf16, bf16, Activation::gelu, true, false), 0.02);
  expect_mixture(Mixture(f32, q5_1, bf16, Activation::silu, true, true), 0.02);
}

}  // namespace
}  // namespace quire::test
