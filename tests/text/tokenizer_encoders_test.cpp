// WordPiece, unigram and BPE over characters against ids of Hugging Face's tokenizers and of sentencepiece, in the
// small vocabularies of tools/goldens/encoder_vocabularies.py.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "gguf/file.h"
#include "test_data.h"
#include "text/tokenizer.h"
#include "text/tokenizer_fixture.h"
#include "text/tokenizer_goldens.h"

namespace quire {
namespace {

using Ids = std::vector<TokenId>;

std::filesystem::path data_file(std::string_view name, const char* ending) {
  return test::own_data_dir() / "vocabularies" / (std::string(name) + ending);
}

gguf::Metadata metadata_of(std::string_view name) {
  const auto file = gguf::File::open(data_file(name, ".gguf"));
  EXPECT_TRUE(file) << file.error().message;
  return file ? file->metadata() : gguf::Metadata();
}

std::unique_ptr<const Tokenizer> make_tokenizer(const gguf::Metadata& metadata) {
  auto tokenizer = Tokenizer::create(metadata);
  if (!tokenizer) ADD_FAILURE() << tokenizer.error().message;
  return tokenizer ? std::move(*tokenizer) : nullptr;
}

void expect_ids(const Tokenizer& tokenizer, std::string_view goldens, size_t count_min) {
  const std::vector<test::TokenVector> vectors = test::read_token_vectors(data_file(goldens, ".jsonl"));
  EXPECT_GE(vectors.size(), count_min);
  for (const auto& [text, ids] : vectors) {
    EXPECT_EQ(tokenizer.encode(text, false, false), ids) << goldens << ": " << text;
  }
}

TEST(WordPieceTokenizer, gives_the_ids_of_another_implementation) {
  gguf::Metadata metadata = metadata_of("wordpiece");
  expect_ids(*make_tokenizer(metadata), "wordpiece", 300);
  metadata.set("tokenizer.ggml.normalizer.lowercase", false);
  expect_ids(*make_tokenizer(metadata), "wordpiece-cased", 150);
}

// Where it is: RealVocabularies.are_all_here says when it is not.
std::vector<std::string> real_wordpiece_vocabularies() {
  const std::string path = test::data_path(test::real_wordpiece_vocabulary).string();
  return std::filesystem::exists(path) ? std::vector{path} : std::vector<std::string>{};
}

class RealWordPiece : public testing::TestWithParam<std::string> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RealWordPiece);
INSTANTIATE_TEST_SUITE_P(bge, RealWordPiece, testing::ValuesIn(real_wordpiece_vocabularies()));

TEST_P(RealWordPiece, gives_the_ids_of_llama_cpp) {
  const std::filesystem::path path = GetParam();
  const auto file = gguf::File::open(path);
  ASSERT_TRUE(file) << file.error().message;
  const auto tokenizer = make_tokenizer(file->metadata());
  const std::vector<test::TokenVector> vectors = test::read_published_vectors(path);
  EXPECT_GT(vectors.size(), 40u);
  for (const auto& [text, ids] : vectors) EXPECT_EQ(tokenizer->encode(text, false, false), ids) << text;
  EXPECT_EQ(tokenizer->encode("", true, false), (Ids{101, 102}));
}

TEST(UnigramTokenizer, gives_the_ids_of_another_implementation) {
  expect_ids(*make_tokenizer(metadata_of("unigram")), "unigram", 300);
  expect_ids(*make_tokenizer(metadata_of("unigram-bytes")), "unigram-bytes", 120);
}

TEST(CharacterBpeTokenizer, gives_the_ids_of_another_implementation_and_the_text_again) {
  const auto tokenizer = make_tokenizer(metadata_of("gemma4"));
  expect_ids(*tokenizer, "gemma4", 300);
  for (const auto& [text, ids] : test::read_token_vectors(data_file("gemma4", ".jsonl"))) {
    std::string spaced = text;  // a sign that stands for a space is one afterwards
    for (size_t at = spaced.find("\u2581"); at != std::string::npos; at = spaced.find("\u2581"))
      spaced.replace(at, 3, " ");
    EXPECT_EQ(tokenizer->decode(ids), spaced);
  }
}

TEST(WordPieceTokenizer, texts_are_between_cls_and_sep_whatever_the_file_says) {
  gguf::Metadata metadata = metadata_of("wordpiece");
  const auto tokenizer = make_tokenizer(metadata);
  const TokenId cls = *tokenizer->find("[CLS]");
  const TokenId separator = *tokenizer->find("[SEP]");
  EXPECT_EQ(tokenizer->bos(), cls);
  EXPECT_EQ(tokenizer->separator(), separator);
  EXPECT_TRUE(tokenizer->adds_separator());
  EXPECT_EQ(tokenizer->encode("", true, false), (Ids{cls, separator}));
  EXPECT_EQ(tokenizer->encode("[CLS][SEP]", true, true), (Ids{cls, separator}));
  EXPECT_TRUE(tokenizer->warnings().empty());
  for (const char* key : {"cls", "seperator", "unknown"}) {
    metadata.erase("tokenizer.ggml." + std::string(key) + "_token_id");
  }
  metadata.set("tokenizer.ggml.add_bos_token", false);
  metadata.set("tokenizer.ggml.add_eos_token", false);
  const auto overridden = make_tokenizer(metadata);
  EXPECT_EQ(overridden->encode("", true, false), (Ids{cls, separator}));
  EXPECT_EQ(overridden->encode("\u2603\u2603", false, false), (Ids{*overridden->find("[UNK]")}));
  EXPECT_EQ(overridden->warnings().size(), 1u);
}

TEST(WordPieceTokenizer, words_come_back_with_a_space_before_each_and_without_cls_and_sep) {
  const auto tokenizer = make_tokenizer(metadata_of("wordpiece"));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("Lazy dogs, 13 FOXES!", true, false)), " lazy dogs , 13 foxes !");
  const Ids unbelievable = tokenizer->encode("unbelievable", false, false);
  EXPECT_GT(unbelievable.size(), 1u);
  EXPECT_EQ(tokenizer->decode(unbelievable), " unbelievable");
}

TEST(WordPieceTokenizer, bytes_that_are_not_utf8_are_nothing_and_a_text_of_any_length_may_be_one_token) {
  const auto tokenizer = make_tokenizer(metadata_of("wordpiece"));
  EXPECT_EQ(tokenizer->encode("do\xffgs\xe2\x82", false, false), tokenizer->encode("dogs", false, false));
  EXPECT_EQ(tokenizer->encode(std::string(1 << 20, 'a'), false, false), (Ids{*tokenizer->find("[UNK]")}));
  EXPECT_EQ(tokenizer->encode(std::string(1 << 20, ' '), false, false), Ids{});
  EXPECT_GE(tokenizer->text_bytes_max(), size_t{1} << 20);
}

TEST(UnigramTokenizer, adds_what_the_file_says_and_takes_the_space_away_again) {
  gguf::Metadata metadata = metadata_of("unigram");
  const auto tokenizer = make_tokenizer(metadata);
  EXPECT_FALSE(tokenizer->adds_bos());
  EXPECT_TRUE(tokenizer->adds_eos()) << "as T5's do";
  EXPECT_EQ(tokenizer->encode("", true, false), (Ids{2}));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("  LAZY   dogs\t", true, false)), "lazy dogs");
  metadata.set("tokenizer.ggml.add_bos_token", true);
  EXPECT_EQ(make_tokenizer(metadata)->encode("", true, false), (Ids{1, 2}));
  metadata.set("tokenizer.ggml.add_space_prefix", false);
  EXPECT_EQ(make_tokenizer(metadata)->decode(tokenizer->encode("dogs", true, false)), " dogs");
}

TEST(UnigramTokenizer, text_that_goes_on_keeps_its_space) {
  const auto tokenizer = make_tokenizer(metadata_of("unigram"));
  Ids ids;
  tokenizer->encode_further(" dogs", ids);
  EXPECT_EQ(ids, tokenizer->encode("dogs", false, false));
}

TEST(UnigramTokenizer, scores_that_are_missing_are_an_error) {
  gguf::Metadata metadata = metadata_of("unigram");
  metadata.erase("tokenizer.ggml.scores");
  const auto tokenizer = Tokenizer::create(metadata);
  ASSERT_FALSE(tokenizer);
  EXPECT_NE(tokenizer.error().message.find("tokenizer.ggml.scores"), std::string::npos);
}

// The best sum of scores by trying every way to cut a text.
double best_score(const test::TinyVocabulary& vocabulary, std::string_view text) {
  if (text.empty()) return 0;
  double best = -1e9;
  for (size_t size = 1; size <= text.size(); ++size) {
    for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
      if (vocabulary.tokens[i] != text.substr(0, size)) continue;
      best = std::max(best, double{vocabulary.scores[i]} + best_score(vocabulary, text.substr(size)));
    }
  }
  return best;
}

TEST(UnigramTokenizer, finds_the_best_of_all_ways) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    uint32_t random = seed * 2654435761u + 1;
    const auto next = [&](uint32_t below) { return (random = random * 1664525u + 1013904223u) / 65536 % below; };
    test::TinyVocabulary vocabulary{.model = "llama", .tokens = {}, .types = {}, .scores = {}, .merges = {}};
    for (const char* piece : {"a", "b"}) vocabulary.add(piece, TokenType::normal, -4.0F);
    for (int i = 0; i < 8; ++i) {
      std::string piece;
      for (uint32_t size = 2 + next(3); size > 0; --size) piece += next(2) == 0 ? 'a' : 'b';
      const bool is_new = std::ranges::find(vocabulary.tokens, piece) == vocabulary.tokens.end();
      if (is_new) vocabulary.add(piece, TokenType::normal, -1.0F - static_cast<float>(next(64)) / 8.0F);
    }
    vocabulary.model = "t5";
    const auto tokenizer = make_tokenizer(vocabulary.metadata());
    for (int i = 0; i < 5; ++i) {
      std::string text;
      for (uint32_t size = 1 + next(10); size > 0; --size) text += next(2) == 0 ? 'a' : 'b';
      double score = 0;
      std::string joined;
      for (const TokenId id : tokenizer->encode(text, false, false)) {
        score += double{vocabulary.scores[static_cast<size_t>(id)]};
        joined += vocabulary.tokens[static_cast<size_t>(id)];
      }
      EXPECT_EQ(joined, text) << "seed " << seed;
      EXPECT_EQ(score, best_score(vocabulary, text)) << "seed " << seed << ' ' << text;  // eighths: sums are exact
    }
  }
}

TEST(CharacterBpeTokenizer, gemma_4_is_known_by_either_name_and_always_begins_with_bos) {
  gguf::Metadata metadata = metadata_of("gemma4");
  const auto tokenizer = make_tokenizer(metadata);
  EXPECT_EQ(tokenizer->encode("a b", true, false).front(), tokenizer->bos());
  EXPECT_TRUE(tokenizer->is_end(*tokenizer->find("<turn|>")));
  EXPECT_EQ(tokenizer->encode("<table>", false, false), (Ids{*tokenizer->find("<table>")}));
  EXPECT_TRUE(tokenizer->warnings().empty());
  metadata.set("tokenizer.ggml.model", std::string("llama"));
  metadata.set("tokenizer.ggml.pre", std::string("gemma4"));
  metadata.set("tokenizer.ggml.add_bos_token", false);
  const auto renamed = make_tokenizer(metadata);
  EXPECT_EQ(renamed->encode("a b", true, false), tokenizer->encode("a b", true, false));
  EXPECT_EQ(renamed->warnings().size(), 1u);
}

TEST(CharacterBpeTokenizer, a_tag_of_gemma_4_is_no_end_but_the_call_of_a_tool_is) {
  test::TinyVocabulary vocabulary = test::tiny_byte_bpe();
  const TokenId tag = vocabulary.add("</s>");
  EXPECT_TRUE(make_tokenizer(test::byte_bpe_metadata(vocabulary))->is_end(tag));
  const TokenId call = vocabulary.add("<|tool_response>");
  const auto tokenizer = make_tokenizer(test::byte_bpe_metadata(vocabulary));
  EXPECT_FALSE(tokenizer->is_end(tag));
  EXPECT_TRUE(tokenizer->is_end(call));
}

TEST(CharacterBpeTokenizer, mmbert_begins_each_line_with_a_space_and_merges_within_words) {
  test::TinyVocabulary vocabulary{.model = "gpt2", .tokens = {}, .types = {}, .scores = {}, .merges = {}};
  const TokenId space = vocabulary.add("\u2581");
  const TokenId a = vocabulary.add("a");
  const TokenId line = vocabulary.add("\n");
  const TokenId space_a = test::add_merge(vocabulary, "\u2581", "a");
  const TokenId spaces = test::add_merge(vocabulary, "\u2581", "\u2581");
  gguf::Metadata metadata = vocabulary.metadata();
  metadata.set("tokenizer.ggml.pre", std::string("mmbert"));
  EXPECT_EQ(make_tokenizer(metadata)->encode("a  a\na", false, false), (Ids{space_a, space, space_a, line, space_a}));
  metadata.set("tokenizer.ggml.pre", std::string("sarvam-moe"));
  EXPECT_EQ(make_tokenizer(metadata)->encode("a  a\na", false, false), (Ids{a, space, space_a, line, a}));
  EXPECT_EQ(make_tokenizer(metadata)->encode("a  ", false, false), (Ids{a, spaces}));
}

TEST(Tokenizer, a_list_of_suppressed_tokens_is_kept_in_order) {
  gguf::Metadata metadata = test::byte_bpe_metadata(test::tiny_byte_bpe());
  EXPECT_TRUE(make_tokenizer(metadata)->suppressed().empty());
  metadata.set("tokenizer.ggml.suppress_tokens", std::vector<int32_t>{'z', 'b'});
  const auto tokenizer = make_tokenizer(metadata);
  EXPECT_EQ(Ids(tokenizer->suppressed().begin(), tokenizer->suppressed().end()), (Ids{'b', 'z'}));
  metadata.set("tokenizer.ggml.suppress_tokens", std::vector<int32_t>{256});
  const auto refused = Tokenizer::create(metadata);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("tokenizer.ggml.suppress_tokens"), std::string::npos);
}

TEST(Tokenizer, pairs_have_a_separator_between_as_the_file_or_the_pre_tokenizer_says) {
  gguf::Metadata metadata = test::byte_bpe_metadata(test::tiny_byte_bpe(), "roberta-bpe");
  metadata.set("tokenizer.ggml.seperator_token_id", uint32_t{'s'});
  EXPECT_TRUE(make_tokenizer(metadata)->adds_separator());
  EXPECT_EQ(make_tokenizer(metadata)->separator(), TokenId{'s'});
  metadata.set("tokenizer.ggml.add_sep_token", false);
  EXPECT_FALSE(make_tokenizer(metadata)->adds_separator());
  EXPECT_FALSE(make_tokenizer(test::byte_bpe_metadata(test::tiny_byte_bpe()))->adds_separator());
}

TEST(ByteBpeTokenizer, a_file_without_a_pre_tokenizer_is_guessed_with_a_warning) {
  gguf::Metadata metadata = test::byte_bpe_metadata(test::tiny_byte_bpe(), "default");
  const auto named = make_tokenizer(metadata);
  metadata.erase("tokenizer.ggml.pre");
  const auto missing = make_tokenizer(metadata);
  ASSERT_EQ(missing->warnings().size(), 1u);
  EXPECT_NE(missing->warnings()[0].find("tokenizer.ggml.pre"), std::string::npos);
  EXPECT_EQ(named->warnings().size(), 1u);
  metadata.set("general.architecture", std::string("mistral3"));
  EXPECT_TRUE(make_tokenizer(metadata)->warnings().empty()) << "all of them are tekken";
}

TEST(ByteBpeTokenizer, kimi_needs_no_list_of_merges) {
  test::TinyVocabulary vocabulary = test::tiny_byte_bpe();
  const TokenId bc = vocabulary.add("bc");
  const TokenId ab = vocabulary.add("ab");
  const TokenId abc = vocabulary.add("abc");
  gguf::Metadata metadata = test::byte_bpe_metadata(vocabulary, "kimi-k2");
  EXPECT_EQ(make_tokenizer(metadata)->encode("abc", false, false), (Ids{'a', 'b', 'c'})) << "a list without any";
  metadata.erase("tokenizer.ggml.merges");
  EXPECT_EQ(make_tokenizer(metadata)->encode("abc", false, false), (Ids{abc}));
  EXPECT_EQ(make_tokenizer(metadata)->encode("abb", false, false), (Ids{ab, 'b'}));
  EXPECT_EQ(make_tokenizer(metadata)->encode("bcb", false, false), (Ids{bc, 'b'}));
}

}  // namespace
}  // namespace quire
