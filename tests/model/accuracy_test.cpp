// Models of each weight type against a float64 reference over the same dequantized weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "support/random_model.h"
#include "support/reference.h"
#include "support/runner.h"
#include "test_data.h"

namespace quire {
namespace {

// Root mean square of the logits' error, over that of the logits.
struct Errors {
  double of_prompt = 0.0;     // all positions are a prompt's
  double of_generated = 0.0;  // all but the first are generated
};

Errors errors_of(const std::vector<std::byte>& bytes, const std::vector<TokenId>& tokens, const KernelTable& kernels) {
  const std::vector<double> expected = test::reference_logits(test::take(gguf::File::parse(bytes)), tokens);
  test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), kernels, 1);
  const Limits limits{.block_count = 2, .context_tokens = 64, .running_max = 1, .step_tokens_max = 1};
  const auto error = [&](int32_t prompt_length) {
    test::Runner runner(loaded, limits);
    return test::relative_rms_error(runner.one_by_one(tokens, test::first_blocks(64, 32), prompt_length), expected);
  };
  return {.of_prompt = error(INT32_MAX), .of_generated = error(1)};
}

// The table that this machine serves with.
const KernelTable& best_table() { return *supported_kernel_tables().back(); }

std::vector<TokenId> some_tokens(int32_t count, int32_t vocab) {
  std::vector<TokenId> tokens;
  for (int32_t i = 0; i < count; ++i) tokens.push_back((1 + i * 37) % vocab);
  return tokens;
}

struct Case {
  std::string architecture;
  ElementType type;
};

// In plain loops, which take their time: one type of each way to add scales and minima.
bool is_computed_in_bf16(ElementType type) {
  using enum ElementType;
  const auto some = {q8_0, q4_0, q4_1, q4_k, q6_k, q2_k, nvfp4, iq4_xs};
  return std::ranges::find(some, type) != some.end();
}

class AccuracyOfType : public testing::TestWithParam<Case> {};

// Random matrices of unit gain are the hard case: every branch is as large as what it is added to, so that each of the
// errors on the way counts, and there is nothing but errors to count.
TEST_P(AccuracyOfType, logits_are_near_those_of_the_reference) {
  const std::vector<std::byte> bytes = test::synthesize({.architecture = GetParam().architecture,
                                                         .type = GetParam().type,
                                                         .layers = 3,
                                                         .width = 256,
                                                         .ffn_width = 256,
                                                         .heads = 4,
                                                         .kv_heads = 2,
                                                         .head_dim = 64,
                                                         .vocab = 96,
                                                         .rope_factors = GetParam().architecture == "llama"});
  const bool is_bf16 = GetParam().type == ElementType::bf16;
  const Errors errors = errors_of(bytes, some_tokens(36, 96), is_bf16 ? *find_kernel_table("scalar") : best_table());
  RecordProperty("prompt", std::to_string(errors.of_prompt));
  RecordProperty("generated", std::to_string(errors.of_generated));
  // F32: some hundred roundings of 2^-24. F16 reads float activations, and so does BF16 on most tables: KV in f16 is
  // what is left. BF16 where it reads bf16 ones (2^-8 of each value at most): below. Others: activations in int8, 1.45
  // % seen (a trained model's are below 1 %: the next test; what 1 % would cost here: ADR 3).
  const bool float_inputs = !reads_quantized_activations(GetParam().type);
  const double error_max = GetParam().type == ElementType::f32 ? 1e-5 : float_inputs ? 1e-3 : 1.5e-2;
  EXPECT_LE(errors.of_prompt, error_max);
  EXPECT_LE(errors.of_generated, error_max);
  if (is_bf16) {
    const Errors rounded = errors_of(bytes, some_tokens(36, 96), avx512_bf16_specification());
    RecordProperty("rounded", std::to_string(rounded.of_prompt));
    EXPECT_LE(rounded.of_prompt, 5e-3);
    EXPECT_LE(rounded.of_generated, 5e-3);
  }
  if (float_inputs || !is_computed_in_bf16(GetParam().type)) return;
  // Prompts in bf16 throughout: 0.56 % seen.
  const Errors in_bf16 = errors_of(bytes, some_tokens(36, 96), amx_specification());
  RecordProperty("prompt_in_bf16", std::to_string(in_bf16.of_prompt));
  EXPECT_LE(in_bf16.of_prompt, 6e-3);
}

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const ElementTraits& traits : element_traits_table) {
    result.push_back({"llama", traits.type});
  }
  for (const char* architecture : {"qwen2", "qwen3"}) {
    for (const ElementType type : {ElementType::f32, ElementType::q8_0, ElementType::q4_k}) {
      result.push_back({architecture, type});
    }
  }
  return result;
}

INSTANTIATE_TEST_SUITE_P(Each, AccuracyOfType, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<Case>& tested) {
                           return tested.param.architecture + "_" + std::string(element_traits(tested.param.type).name);
                         });

TEST(Accuracy, the_divergence_of_a_distribution_is_in_nats) {
  // p = (3/4, 1/4) where q = (1/2, 1/2), then equal ones of other logits.
  const std::vector<double> expected = {std::log(3.0), 0.0, 5.0, 4.0};
  const std::vector<float> found = {7.0F, 7.0F, 1.0F, 0.0F};
  const std::vector<double> divergences = test::kl_divergences(found, expected, 2);
  ASSERT_EQ(divergences.size(), 2U);
  EXPECT_NEAR(divergences[0], 0.75 * std::log(0.75 / 0.5) + 0.25 * std::log(0.25 / 0.5), 1e-12);
  EXPECT_NEAR(divergences[1], 0.0, 1e-12);
}

TEST(Accuracy, a_trained_model_is_within_one_percent_in_each_type_its_rows_fit) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  const gguf::File original = test::take(gguf::File::open(path));
  for (const ElementTraits& traits : element_traits_table) {
    SCOPED_TRACE(traits.name);
    if (traits.block_elements > 32) continue;
    for (const KernelTable* kernels : {&best_table(), &amx_specification()}) {
      SCOPED_TRACE(kernels->name);
      const Errors errors = errors_of(test::requantize(original, traits.type), some_tokens(36, 512), *kernels);
      EXPECT_LE(errors.of_prompt, 1e-2);
      EXPECT_LE(errors.of_generated, 1e-2);
    }
  }
}

}  // namespace
}  // namespace quire
