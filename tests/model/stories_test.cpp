// The real model of the test data: what greedy decoding says.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "support/runner.h"
#include "test_data.h"

namespace quire {
namespace {

// What a SentencePiece piece prints.
std::string piece_text(const std::string& piece) {
  if (piece.size() == 6 && piece.starts_with("<0x"))
    return {static_cast<char>(std::stoi(piece.substr(3, 2), nullptr, 16))};
  const std::string space = "\u2581";
  std::string text = piece;
  for (size_t at; (at = text.find(space)) != std::string::npos;) text.replace(at, space.size(), " ");
  return text;
}

TEST(Stories, greedy_decoding_gives_the_expected_text_on_every_table) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  QUIRE_TEST_DATA_OR_SKIP(expected_path, "models/stories260K.greedy200.txt");
  std::ifstream in(expected_path);
  std::stringstream expected;
  expected << in.rdbuf();
  for (const KernelTable* kernels : supported_kernel_tables()) {
    SCOPED_TRACE(kernels->name);
    test::LoadedModel loaded(test::take(gguf::File::open(path)), *kernels, 2);
    const Limits limits{.block_count = 8, .context_tokens = 256, .running_max = 1, .step_tokens_max = 8};
    test::Runner runner(loaded, limits);
    const std::vector<std::string> pieces =
        test::take(loaded.file.metadata().get_strings("tokenizer.ggml.tokens")).get();
    const std::vector<BlockId> blocks = test::first_blocks(256, 32);
    std::string text;
    TokenId token = 1;  // BOS
    for (int32_t position = 0; position < 200; ++position) {
      const test::Runner::Part part{.tokens = {&token, 1}, .position = position, .blocks = blocks};
      const Logits logits = runner.step({&part, 1});
      const auto best = std::ranges::max_element(logits.values);
      token = static_cast<TokenId>(best - logits.values.begin());
      if (token == 1) break;
      text += piece_text(pieces[static_cast<size_t>(token)]);
    }
    EXPECT_EQ(text.substr(text.find_first_not_of(' ')),
              expected.str().substr(0, expected.str().find_last_not_of('\n') + 1));
  }
}

}  // namespace
}  // namespace quire
