// Mean KL divergence, in nats, of next-token distributions from a float64 reference over the same dequantized weights:
//   accuracy_bench MODEL.gguf TOKENS [ENGINE PROMPT_LOGITS GENERATED_LOGITS]
// TOKENS is a file of token ids, as `quire tokenize` prints them. What is judged, one JSON object a line: the kernel
// tables of this machine, with all tokens as a prompt and with all but the first generated; and what another engine
// made of the same tokens, files of (tokens, vocab) f32. kl_error is the standard error of the mean of so many tokens.
#include <fmt/core.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "support/reference.h"
#include "support/runner.h"

namespace {

using namespace quire;

std::vector<TokenId> read_tokens(const char* path) {
  std::ifstream in(path);
  return {std::istream_iterator<TokenId>(in), {}};
}

std::vector<float> read_logits(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  std::vector<float> logits(in ? static_cast<size_t>(in.tellg()) / sizeof(float) : 0);
  in.seekg(0);
  in.read(reinterpret_cast<char*>(logits.data()), static_cast<std::streamsize>(logits.size() * sizeof(float)));
  return logits;
}

std::vector<float> logits_of(test::LoadedModel& model, const std::vector<TokenId>& tokens, int32_t prompt_length) {
  const auto length = static_cast<int32_t>(tokens.size());
  const Limits defaults;
  const Limits limits{.block_count = ceil_div(length, defaults.block_tokens),
                      .context_tokens = length,
                      .running_max = 1,
                      .step_tokens_max = 1};
  test::Runner runner(model, limits);
  return runner.one_by_one(tokens, test::first_blocks(length, limits.block_tokens), prompt_length);
}

struct Mean {
  double value = 0.0;
  double error = 0.0;  // standard error
};

Mean mean_of(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {.value = mean, .error = std::sqrt(squares / (count * (count - 1.0)))};
}

// The scalar table, whose bits avx2 has by test, takes longer than all others together. BF16 weights have another
// arithmetic on avx512_bf16, wherever they are judged: there the plain loops that state it are worth their time.
std::vector<const KernelTable*> judged_tables(const char* path) {
  const auto supported = supported_kernel_tables();
  std::vector<const KernelTable*> tables(supported.begin() + (supported.size() == 1 ? 0 : 1), supported.end());
  const gguf::File file = test::take(gguf::File::open(path));
  const auto is_bf16 = [](const TensorView& tensor) { return tensor.type == ElementType::bf16; };
  if (find_kernel_table("avx512_bf16") == nullptr && std::ranges::any_of(file.tensors(), is_bf16)) {
    tables.push_back(&avx512_bf16_specification());
  }
  return tables;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 6) {
    fmt::print(stderr, "usage: accuracy_bench MODEL.gguf TOKENS [ENGINE PROMPT_LOGITS GENERATED_LOGITS]\n");
    return 2;
  }
  const std::vector<TokenId> tokens = read_tokens(argv[2]);
  const std::vector<double> expected = test::reference_logits(test::take(gguf::File::open(argv[1])), tokens);
  const size_t vocab = expected.size() / tokens.size();
  const auto report = [&](std::string_view engine, std::string_view rows, const std::vector<float>& logits) {
    const Mean kl = mean_of(test::kl_divergences(logits, expected, vocab));
    fmt::print("{{\"engine\": \"{}\", \"rows\": \"{}\", \"tokens\": {}, \"kl\": {:.6e}, \"kl_error\": {:.6e}}}\n",
               engine, rows, tokens.size(), kl.value, kl.error);
  };
  for (const KernelTable* kernels : judged_tables(argv[1])) {
    test::LoadedModel model(test::take(gguf::File::open(argv[1])), *kernels, 1);
    report(kernels->name, "prompt", logits_of(model, tokens, INT_MAX));
    report(kernels->name, "generated", logits_of(model, tokens, 1));
  }
  if (argc == 6) {
    report(argv[3], "prompt", read_logits(argv[4]));
    report(argv[3], "generated", read_logits(argv[5]));
  }
  return 0;
}
