// Logits against Hugging Face transformers on tiny random models of each architecture
// (tools/goldens/transformers_logits.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "support/runner.h"

namespace quire {
namespace {

struct Golden {
  std::vector<TokenId> tokens;
  std::vector<float> logits;  // (tokens, vocab)
  int32_t vocab = 0;
};

Golden read_golden(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const auto read = [&in](void* to, size_t size) {
    in.read(static_cast<char*>(to), static_cast<std::streamsize>(size));
  };
  int32_t token_count = 0;
  Golden golden;
  read(&token_count, sizeof(int32_t));
  read(&golden.vocab, sizeof(int32_t));
  golden.tokens.resize(static_cast<size_t>(token_count));
  read(golden.tokens.data(), golden.tokens.size() * sizeof(TokenId));
  golden.logits.resize(golden.tokens.size() * static_cast<size_t>(golden.vocab));
  read(golden.logits.data(), golden.logits.size() * sizeof(float));
  EXPECT_TRUE(in.good()) << path;
  return golden;
}

class Transformers : public testing::TestWithParam<const char*> {};

TEST_P(Transformers, logits_agree_on_every_table) {
  const std::filesystem::path folder = std::filesystem::path(QUIRE_SOURCE_DIR) / "tests" / "data" / "logits";
  const std::string name = GetParam();
  const Golden golden = read_golden(folder / (name + ".logits"));
  for (const KernelTable* kernels : supported_kernel_tables()) {
    SCOPED_TRACE(kernels->name);
    test::LoadedModel loaded(test::take(gguf::File::open(folder / (name + ".gguf"))), *kernels, 1);
    const Limits limits{.block_count = 3, .context_tokens = 96, .running_max = 1, .step_tokens_max = 96};
    test::Runner runner(loaded, limits);
    const std::vector<float> logits = runner.one_by_one(golden.tokens, test::first_blocks(96, limits.block_tokens));
    ASSERT_EQ(logits.size(), golden.logits.size());
    double error = 0.0, size = 0.0;
    for (size_t i = 0; i < logits.size(); ++i) {
      const double difference = double{logits[i]} - double{golden.logits[i]};
      error += difference * difference;
      size += double{golden.logits[i]} * double{golden.logits[i]};
    }
    // Root mean square of the error over that of the logits. Both sides compute in float32 in different orders: 2^-24
    // a rounding, some hundred of them on the way, gives about 1e-6 (7e-7 was the largest seen). KV in f16 gives 5e-4.
    EXPECT_LE(std::sqrt(error / size), 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Transformers,
                         testing::Values("llama-tied", "llama-factors", "llama-linear", "qwen2", "qwen3"),
                         [](const testing::TestParamInfo<const char*>& tested) {
                           std::string name = tested.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace quire
