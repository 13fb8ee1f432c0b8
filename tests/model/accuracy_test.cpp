// Models of each weight type against a float64 reference over the same dequantized weights.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "reference.h"
#include "runner.h"
#include "synth.h"

namespace quire {
namespace {

struct Case {
  std::string architecture;
  ElementType type;
};

class Accuracy : public testing::TestWithParam<Case> {};

TEST_P(Accuracy, logits_are_within_one_percent_of_the_reference) {
  const test::Shape shape{.architecture = GetParam().architecture,
                          .type = GetParam().type,
                          .layers = 3,
                          .width = 256,
                          .ffn_width = 512,
                          .heads = 4,
                          .kv_heads = 2,
                          .head_dim = 64,
                          .vocab = 160,
                          .rope_factors = GetParam().architecture == "llama"};
  const std::vector<std::byte> bytes = test::synthesize(shape);
  std::vector<TokenId> tokens;
  for (int32_t i = 0; i < 40; ++i) tokens.push_back(i * 37 % 160);
  const std::vector<double> expected =
      test::reference_logits(test::take(gguf::File::parse(bytes)), tokens);
  for (const KernelTable* kernels : supported_kernel_tables()) {
    SCOPED_TRACE(kernels->name);
    test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *kernels, 1);
    test::Runner runner(loaded, {.block_count = 2, .context_tokens = 64, .running_max = 1, .step_tokens_max = 64});
    const std::vector<float> logits = runner.one_by_one(tokens, test::first_blocks(64, 32));
    const double error = test::relative_rms_error(logits, expected);
    printf("%s %s %.3g\n", GetParam().architecture.c_str(), std::string(element_traits(GetParam().type).name).c_str(), error);
    EXPECT_LE(error, 0.01);
  }
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const ElementTraits& traits : element_traits_table) {
    for (const char* architecture : {"llama", "qwen2", "qwen3"}) cases.push_back({architecture, traits.type});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Each, Accuracy, testing::ValuesIn(all_cases()),
                         [](const testing::TestParamInfo<Case>& tested) {
                           return tested.param.architecture + "_" +
                                  std::string(element_traits(tested.param.type).name);
                         });

}  // namespace
}  // namespace quire
