#include "text/token_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/check.h"
#include "gguf/file.h"
#include "text/tokenizer_fixture.h"

namespace quire {
namespace {

std::unique_ptr<const Tokenizer> tokenizer_of(const char* name) {
  const auto path = std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data/vocabularies" / name;
  auto file = gguf::File::open(path);
  QUIRE_CHECK(file.has_value(), "the vocabulary is there");
  auto tokenizer = Tokenizer::create(file->metadata());
  QUIRE_CHECK(tokenizer.has_value(), "the vocabulary is whole");
  return std::move(*tokenizer);
}

TEST(TokenTexts, a_bad_word_is_meant_at_the_start_and_after_a_space) {
  const auto tokenizer = tokenizer_of("gpt-2.gguf");
  const auto sequences = bad_word_tokens("  the", *tokenizer);
  ASSERT_EQ(sequences.size(), 2U);
  EXPECT_EQ(sequences[0], tokenizer->encode("the", false, false)) << "spaces before it do not count";
  EXPECT_EQ(sequences[1], tokenizer->encode(" the", false, false));
  // Where the space is a token of its own, it would forbid nothing more.
  const auto punctuated = bad_word_tokens("\u00e9\u00e9", *tokenizer);
  for (const auto& sequence : punctuated) EXPECT_EQ(sequence.size(), punctuated.front().size());
}

TEST(TokenTexts, what_the_file_suppresses_is_forbidden_in_every_request) {
  gguf::Metadata metadata = test::byte_bpe_metadata(test::tiny_byte_bpe());
  metadata.set("tokenizer.ggml.suppress_tokens", std::vector<int32_t>{'z', 'b'});
  const auto tokenizer = Tokenizer::create(metadata);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  SamplingParams sampling;
  add_token_texts({}, **tokenizer, sampling);
  EXPECT_EQ(sampling.bad_words, (std::vector<std::vector<TokenId>>{{'b'}, {'z'}}));
}

TEST(TokenTexts, a_breaker_is_each_token_that_holds_it_or_begins_it) {
  for (const char* name : {"gpt-2.gguf", "llama-bpe.gguf", "qwen2.gguf"}) {
    const auto tokenizer = tokenizer_of(name);
    const std::vector<DryBreaker> found = dry_breakers({"\n", "ab:"}, *tokenizer);
    EXPECT_TRUE(std::ranges::is_sorted(found, {}, &DryBreaker::first)) << name;
    const auto has = [&](TokenId token, const std::vector<TokenId>& rest) {
      return std::ranges::any_of(found, [&](const auto& one) { return one.first == token && one.rest == rest; });
    };
    for (TokenId token = 0; token < tokenizer->vocab_size(); ++token) {
      const std::string_view text = tokenizer->is_control(token) ? tokenizer->name(token) : tokenizer->bytes(token);
      const bool whole = text.find('\n') != std::string_view::npos || text.find("ab:") != std::string_view::npos;
      EXPECT_EQ(has(token, {}), whole) << name << ", token " << token;
      if (!whole && text.ends_with("a")) {
        EXPECT_TRUE(has(token, tokenizer->encode("b:", false, false))) << name << ", token " << token;
      }
      if (!whole && text.ends_with("ab")) {
        EXPECT_TRUE(has(token, tokenizer->encode(":", false, false))) << name << ", token " << token;
      }
    }
  }
}

TEST(TokenTexts, breakers_are_looked_for_only_where_repetitions_are_counted) {
  const auto tokenizer = tokenizer_of("gpt-2.gguf");
  SamplingParams plain;
  add_token_texts({}, *tokenizer, plain);
  EXPECT_TRUE(plain.dry.breakers.empty());
  SamplingParams dry{.dry = {.multiplier = 0.8F}};
  add_token_texts({}, *tokenizer, dry);
  const TokenId newline = tokenizer->encode("\n", false, false).front();
  EXPECT_TRUE(std::ranges::any_of(dry.dry.breakers, [&](const auto& one) { return one.first == newline; }));
}

TEST(TokenTexts, a_bias_is_of_each_token_of_its_text) {
  const auto tokenizer = tokenizer_of("gpt-2.gguf");
  SamplingParams sampling{.logit_bias = {{1, 2.0F}}};
  add_token_texts({.biases = {{"the the", -1.0F}}}, *tokenizer, sampling);
  std::vector<std::pair<TokenId, float>> wanted = {{1, 2.0F}};
  for (const TokenId token : tokenizer->encode("the the", false, false)) wanted.emplace_back(token, -1.0F);
  EXPECT_EQ(sampling.logit_bias, wanted);
}

}  // namespace
}  // namespace quire
