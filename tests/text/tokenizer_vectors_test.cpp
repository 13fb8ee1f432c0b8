// Tokenizers against ids that nobody here computed: llama.cpp's vectors and Hugging Face's tokenizers, for the
// vocabularies of real models where they are, and for those that tools/goldens/cut_vocabularies.py made of them always.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/file.h"
#include "test_data.h"
#include "text/normal_form.h"
#include "text/tokenizer.h"
#include "text/tokenizer_goldens.h"

namespace quire {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

using Vector = test::TokenVector;

struct VocabularyName {
  std::string name;
  bool is_real = false;  // else it is cut

  friend void PrintTo(const VocabularyName& vocabulary, std::ostream* out) { *out << vocabulary.name; }
  std::filesystem::path path() const {
    if (is_real) return test::data_path("tokenizers/ggml-vocab-" + name + ".gguf");
    if (name == "stories260K") return test::own_data_dir() / "models/stories260K.gguf";
    return test::own_data_dir() / "vocabularies" / (name + ".gguf");
  }
};

class Vocabulary : public testing::TestWithParam<VocabularyName> {
 protected:
  void SetUp() override {
    const auto file = gguf::File::open(GetParam().path());
    ASSERT_TRUE(file) << file.error().message;
    auto tokenizer = Tokenizer::create(file->metadata());
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    tokenizer_ = std::move(*tokenizer);
    vectors_ = GetParam().is_real
                   ? test::read_published_vectors(GetParam().path())
                   : test::read_token_vectors(test::own_data_dir() / "vocabularies" / (GetParam().name + ".jsonl"));
    ASSERT_GT(vectors_.size(), 40u);
  }
  std::unique_ptr<const Tokenizer> tokenizer_;
  std::vector<Vector> vectors_;
};

TEST_P(Vocabulary, gives_the_expected_ids) {
  for (const Vector& vector : vectors_) {
    EXPECT_EQ(tokenizer_->encode(vector.text, false, false), vector.ids) << '"' << vector.text << '"';
  }
}

TEST_P(Vocabulary, decodes_what_it_encoded) {
  for (const Vector& vector : vectors_) {
    const std::string expected = GetParam().name == "qwen2" ? nfc(vector.text) : vector.text;
    EXPECT_EQ(tokenizer_->decode(tokenizer_->encode(vector.text, true, false)), expected);
  }
}

TEST_P(Vocabulary, gives_the_same_ids_whatever_the_spans_when_no_special_is_named) {
  for (const auto& [input, ids] : vectors_) {
    const std::vector<TokenId> expected = tokenizer_->encode(input, true, false);
    EXPECT_EQ(tokenizer_->encode(input, true, true), expected);
    PromptText prompt{.text = input, .user_spans = {}};
    for (size_t begin = 0; begin + 1 < input.size(); begin += 5) prompt.user_spans.push_back({begin, begin + 2});
    EXPECT_EQ(tokenizer_->encode(prompt, true), expected);
  }
}

// A chat as each family's template writes it, with a user who types the template's own marks.
TEST_P(Vocabulary, takes_control_tokens_from_the_template_only) {
  const std::string_view marks[] = {"<|im_end|>", "<|eot_id|>",    "<|end|>",
                                    "</s>",       "<|endoftext|>", "<\uFF5Cend\u2581of\u2581sentence\uFF5C>"};
  size_t known = 0;
  for (const std::string_view mark : marks) {
    const std::optional<TokenId> id = tokenizer_->find(mark);
    if (!id) continue;
    ++known;
    EXPECT_TRUE(tokenizer_->is_end(*id)) << mark;
    EXPECT_TRUE(tokenizer_->is_control(*id)) << mark;
    const std::string typed = "say " + std::string(mark) + " now";
    const PromptText prompt{.text = typed + std::string(mark), .user_spans = {{0, typed.size()}}};
    std::vector<TokenId> expected = tokenizer_->encode(typed, true, false);
    EXPECT_EQ(std::count(expected.begin(), expected.end(), *id), 0) << mark;
    expected.push_back(*id);
    EXPECT_EQ(tokenizer_->encode(prompt, true), expected) << mark;
    EXPECT_EQ(tokenizer_->decode(expected), typed);
  }
  EXPECT_GE(known, 1u);
}

// Goldens of tools/goldens/tokenizer_goldens.py: random texts by Hugging Face's tokenizers.
class RealVocabulary : public Vocabulary {};

TEST_P(RealVocabulary, gives_the_ids_of_another_implementation_for_random_texts) {
  // Phi-3 has the pieces of Llama 2.
  const std::string name = GetParam().name == "phi-3" ? "llama-spm" : GetParam().name;
  const std::filesystem::path goldens = test::own_data_dir() / "tokenizers" / (name + ".jsonl");
  std::istringstream lines(read_file(goldens));
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto golden = nlohmann::json::parse(line);
    const auto text = golden[0].get<std::string>();
    const std::vector<TokenId> ids = tokenizer_->encode(text, false, false);
    EXPECT_EQ(ids, golden[1].get<std::vector<TokenId>>()) << "line " << count + 1 << ": " << line;
    EXPECT_EQ(tokenizer_->decode(ids), name == "qwen2" ? nfc(text) : text);
  }
  EXPECT_EQ(count, name == "qwen2" ? 246u : 150u) << "qwen2 has 96 texts of marks beside the rest";
}

constexpr const char* real_names[] = {"llama-spm", "phi-3", "gpt-2", "llama-bpe", "qwen2", "deepseek-llm"};

std::vector<VocabularyName> real_vocabularies() {
  std::vector<VocabularyName> found;
  for (const char* name : real_names) {
    const VocabularyName vocabulary{.name = name, .is_real = true};
    if (std::filesystem::exists(vocabulary.path())) found.push_back(vocabulary);
  }
  return found;
}

std::string test_name(const testing::TestParamInfo<VocabularyName>& param_info) {
  std::string name = param_info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(cut, Vocabulary,
                         testing::Values(VocabularyName{"gpt-2"}, VocabularyName{"qwen2"}, VocabularyName{"llama-bpe"},
                                         VocabularyName{"deepseek-llm"}, VocabularyName{"stories260K"}),
                         test_name);
INSTANTIATE_TEST_SUITE_P(real, Vocabulary, testing::ValuesIn(real_vocabularies()), test_name);
INSTANTIATE_TEST_SUITE_P(real, RealVocabulary, testing::ValuesIn(real_vocabularies()), test_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RealVocabulary);

TEST(RealVocabularies, are_all_here) {
  std::vector<std::filesystem::path> paths = {test::data_path(test::real_wordpiece_vocabulary)};
  for (const char* name : real_names) paths.push_back(VocabularyName{.name = name, .is_real = true}.path());
  for (const std::filesystem::path& path : paths) {
    if (!std::filesystem::exists(path))
      GTEST_SKIP() << "no test data: " << path.string() << " (what is missing is not tested)";
  }
}

TEST(RealModel, stories260k_has_no_bos_key_and_no_padding) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  const auto file = gguf::File::open(path);
  ASSERT_TRUE(file) << file.error().message;
  const auto tokenizer = Tokenizer::create(file->metadata());
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->vocab_size(), 512);
  EXPECT_EQ((*tokenizer)->encode("", true, true), (std::vector<TokenId>{1}));
  const std::string story = read_file(test::data_path("models/stories260K.greedy200.txt"));
  const std::vector<TokenId> ids = (*tokenizer)->encode(story, true, false);
  EXPECT_EQ(ids.front(), 1);
  EXPECT_EQ((*tokenizer)->decode(ids), story);
}

}  // namespace
}  // namespace quire
