// Vectors of texts, and how long they take, without a server around them:
//   embedding_bench MODEL.gguf TEXTS OUT [THREADS [STEP_ROWS]]
// TEXTS has one text a line. OUT gets their vectors, (texts, width) f32, and OUT.ids their token ids, a line each. As
// many texts as have STEP_ROWS (512) rows together are one step. One JSON object is printed.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "model/pooling.h"
#include "support/runner.h"
#include "text/tokenizer.h"

namespace {

using namespace quire;

std::vector<std::vector<TokenId>> tokenized(const gguf::File& file, const char* path) {
  const std::unique_ptr<const Tokenizer> tokenizer = test::take(Tokenizer::create(file.metadata()));
  std::vector<std::vector<TokenId>> texts;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) texts.push_back(tokenizer->encode(line, true, false));
  return texts;
}

// The texts [begin, result) fit into a step together.
size_t step_end(const std::vector<std::vector<TokenId>>& texts, size_t begin, size_t rows_max) {
  size_t end = begin;
  for (size_t rows = 0; end < texts.size() && rows + texts[end].size() <= rows_max; ++end) rows += texts[end].size();
  QUIRE_CHECK(end > begin, "a text fits into a step");
  return end;
}

std::vector<float> pooled(const HiddenStates& states, Pooling pooling) {
  const auto width = static_cast<size_t>(states.width);
  const size_t rows = states.values.size() / width;
  const size_t first = pooling == Pooling::last ? rows - 1 : 0;
  const size_t count = pooling == Pooling::mean ? rows : 1;
  std::vector<double> sum(width);
  for (size_t i = first * width; i < (first + count) * width; ++i)
    sum[i % width] += static_cast<double>(states.values[i]);
  std::vector<float> row(width);
  for (size_t i = 0; i < width; ++i) row[i] = static_cast<float>(sum[i] / static_cast<double>(count));
  return row;
}

void read_step(test::Runner& runner, std::span<const std::vector<TokenId>> texts, Pooling pooling, std::ofstream& out) {
  const std::vector<std::span<const TokenId>> spans(texts.begin(), texts.end());
  runner.read_texts(spans);
  std::vector<int32_t> rows;
  int32_t row = 0;
  for (const std::vector<TokenId>& text : texts) {
    rows.resize(text.size());
    std::iota(rows.begin(), rows.end(), row);
    row += static_cast<int32_t>(text.size());
    const std::vector<float> row_of_text = pooled(runner.states(rows), pooling);
    const std::span<const float> vector = runner.head(row_of_text);
    out.write(reinterpret_cast<const char*>(vector.data()), static_cast<std::streamsize>(vector.size_bytes()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc > 6) {
    fmt::print(stderr, "usage: embedding_bench MODEL.gguf TEXTS OUT [THREADS [STEP_ROWS]]\n");
    return 2;
  }
  const int threads = argc > 4 ? std::atoi(argv[4]) : 2;
  const int32_t step_rows = argc > 5 ? std::atoi(argv[5]) : 512;
  test::LoadedModel loaded(test::take(gguf::File::open(argv[1])), *supported_kernel_tables().back(), threads);
  QUIRE_CHECK(loaded.model.config().whole_texts, "a model that computes whole texts");
  const Pooling pooling = test::take(read_pooling(loaded.file));
  const std::vector<std::vector<TokenId>> texts = tokenized(loaded.file, argv[2]);
  test::Runner runner(loaded, {.block_count = step_rows,
                               .context_tokens = step_rows,
                               .running_max = step_rows,
                               .step_tokens_max = step_rows});
  std::ofstream out(argv[3], std::ios::binary), ids(std::string(argv[3]) + ".ids");
  size_t tokens = 0;
  for (const std::vector<TokenId>& text : texts) {
    ids << fmt::format("{}\n", fmt::join(text, " "));
    tokens += text.size();
  }
  const auto begin = std::chrono::steady_clock::now();
  for (size_t at = 0; at < texts.size();) {
    const size_t end = step_end(texts, at, static_cast<size_t>(step_rows));
    read_step(runner, std::span(texts).subspan(at, end - at), pooling, out);
    at = end;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{{\"kernels\": \"{}\", \"threads\": {}, \"texts\": {}, \"tokens\": {}, \"seconds\": {:.3f}}}\n",
             loaded.backend.name(), threads, texts.size(), tokens, seconds);
  return 0;
}
