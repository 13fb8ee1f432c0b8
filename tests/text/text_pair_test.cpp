// A query and a document as one prompt: BERT's form, XLM-R's, and that of a template.
#include "text/text_pair.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gguf/file.h"
#include "test_data.h"
#include "text/tokenizer_fixture.h"

namespace quire {
namespace {

using Ids = std::vector<TokenId>;

std::unique_ptr<const Tokenizer> tokenizer_of(const gguf::Metadata& metadata) {
  auto tokenizer = Tokenizer::create(metadata);
  if (!tokenizer) ADD_FAILURE() << tokenizer.error().message;
  return tokenizer ? std::move(*tokenizer) : nullptr;
}

Ids joined(std::initializer_list<Ids> parts) {
  Ids all;
  for (const Ids& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(TextPair, of_wordpiece_has_one_separator_behind_each_text) {
  const auto file = gguf::File::open(test::own_data_dir() / "vocabularies" / "wordpiece.gguf");
  ASSERT_TRUE(file) << file.error().message;
  const auto tokenizer = tokenizer_of(file->metadata());
  const Ids query = tokenizer->encode("a dog", false, false), document = tokenizer->encode("cats", false, false);
  const Ids cls = {tokenizer->bos()}, separator = {tokenizer->separator()};
  EXPECT_EQ(encode_pair(*tokenizer, "", "a dog", "cats"), joined({cls, query, separator, document, separator}));
}

TEST(TextPair, of_xlm_roberta_has_an_end_and_a_separator_between) {
  test::TinyVocabulary vocabulary = test::tiny_byte_bpe();
  const TokenId begin = vocabulary.add("<s>", TokenType::control);
  const TokenId end = vocabulary.add("</s>", TokenType::control);
  gguf::Metadata metadata = test::byte_bpe_metadata(vocabulary);
  metadata.set("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(begin));
  metadata.set("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(end));
  metadata.set("tokenizer.ggml.seperator_token_id", static_cast<uint32_t>(end));
  for (const char* which : {"bos", "eos", "sep"})
    metadata.set("tokenizer.ggml.add_" + std::string(which) + "_token", true);
  const auto tokenizer = tokenizer_of(metadata);
  const Ids query = tokenizer->encode("q", false, false), document = tokenizer->encode("d", false, false);
  EXPECT_EQ(encode_pair(*tokenizer, "", "q", "d"), joined({{begin}, query, {end, end}, document, {end}}));
}

TEST(TextPair, fills_in_a_template_whose_control_tokens_count_and_the_texts_do_not) {
  test::TinyVocabulary vocabulary = test::tiny_byte_bpe();
  const TokenId mark = vocabulary.add("<|end|>", TokenType::control);
  const auto tokenizer = tokenizer_of(test::byte_bpe_metadata(vocabulary));
  const auto plain = [&](std::string_view text) { return tokenizer->encode(text, false, false); };
  EXPECT_EQ(encode_pair(*tokenizer, "{document}<|end|>{query}<|end|>", "a<|end|>", "{query}"),
            joined({plain("{query}"), {mark}, plain("a<|end|>"), {mark}}));
}

}  // namespace
}  // namespace quire
