// Vocabularies that do not fit together: one clear error that names the key.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "text/tokenizer.h"
#include "text/tokenizer_fixture.h"

namespace quire {
namespace {

using test::byte_bpe_metadata;
using test::tiny_byte_bpe;
using test::tiny_sentencepiece;
using test::TinyVocabulary;

void expect_error(const gguf::Metadata& metadata, ErrorKind kind, const std::vector<std::string>& parts) {
  const auto tokenizer = Tokenizer::create(metadata);
  ASSERT_FALSE(tokenizer) << "expected an error about " << parts.front();
  EXPECT_EQ(tokenizer.error().kind, kind) << tokenizer.error().message;
  for (const std::string& part : parts) {
    EXPECT_NE(tokenizer.error().message.find(part), std::string::npos) << part << " in: " << tokenizer.error().message;
  }
}

struct Case {
  const char* key;
  gguf::Value value;
  std::vector<std::string> said;  // by the message, besides the key
};

void expect_errors(const gguf::Metadata& sound, const std::vector<Case>& cases) {
  ASSERT_TRUE(Tokenizer::create(sound));
  for (const Case& bad : cases) {
    gguf::Metadata metadata = sound;
    metadata.set(bad.key, bad.value);
    std::vector<std::string> parts = bad.said;
    parts.emplace_back(bad.key);
    expect_error(metadata, ErrorKind::invalid, parts);
  }
}

TEST(HostileVocabulary, sentencepiece_parts_that_do_not_fit_are_errors) {
  const TinyVocabulary vocabulary = tiny_sentencepiece();
  std::vector<float> nan_score = vocabulary.scores;
  nan_score[7] = std::numeric_limits<float>::quiet_NaN();
  std::vector<std::string> twice = vocabulary.tokens;
  twice[9] = twice[8];
  std::vector<std::string> bad_byte = vocabulary.tokens;
  bad_byte[10] = "<0xG1>";
  std::vector<int32_t> bad_type = vocabulary.types;
  bad_type[11] = 7;
  std::vector<int32_t> negative_type = vocabulary.types;
  negative_type[12] = -1;
  expect_errors(vocabulary.metadata(), {{"tokenizer.ggml.tokens", std::vector<std::string>{}, {"empty"}},
                                        {"tokenizer.ggml.tokens", std::vector<int32_t>{1, 2}, {}},
                                        {"tokenizer.ggml.tokens", twice, {"8", "9", "<0x05>"}},
                                        {"tokenizer.ggml.tokens", bad_byte, {"token 10", "<0xG1>", "<0xNN>"}},
                                        {"tokenizer.ggml.scores", std::vector<float>{1}, {"1", "259"}},
                                        {"tokenizer.ggml.scores", nan_score, {"token 7"}},
                                        {"tokenizer.ggml.scores", std::string("high"), {}},
                                        {"tokenizer.ggml.token_type", std::vector<int32_t>(260), {"260", "259"}},
                                        {"tokenizer.ggml.token_type", bad_type, {"token 11", "7"}},
                                        {"tokenizer.ggml.token_type", negative_type, {"token 12", "-1"}},
                                        {"tokenizer.ggml.bos_token_id", uint32_t{259}, {"259"}},
                                        {"tokenizer.ggml.eos_token_id", uint32_t{4294967294}, {"4294967294"}},
                                        {"tokenizer.ggml.unknown_token_id", int32_t{-2}, {"-2"}},
                                        {"tokenizer.ggml.eot_token_id", std::string("x"), {}},
                                        {"tokenizer.ggml.add_bos_token", std::string("yes"), {}}});
}

TEST(HostileVocabulary, byte_level_parts_that_do_not_fit_are_errors) {
  expect_errors(byte_bpe_metadata(tiny_byte_bpe()),
                {{"tokenizer.ggml.merges", std::vector<std::string>{"a b", "ab"}, {"[1]", "ab"}},
                 {"tokenizer.ggml.merges", std::vector<std::string>{""}, {"[0]"}},
                 {"tokenizer.ggml.merges", std::vector<std::string>{"a "}, {"[0]"}},
                 {"tokenizer.ggml.merges", std::vector<std::string>{" b"}, {"[0]"}},
                 {"tokenizer.ggml.merges", int32_t{3}, {}},
                 {"tokenizer.ggml.pre", int32_t{3}, {}},
                 {"tokenizer.ggml.add_bos_token", true, {"tokenizer.ggml.bos_token_id"}},
                 {"tokenizer.ggml.add_eos_token", true, {"tokenizer.ggml.eos_token_id"}}});
}

TEST(HostileVocabulary, missing_parts_are_errors) {
  expect_error({}, ErrorKind::invalid, {"tokenizer.ggml.model"});
  for (const char* key : {"tokenizer.ggml.tokens", "tokenizer.ggml.scores"}) {
    gguf::Metadata metadata = tiny_sentencepiece().metadata();
    metadata.erase(key);
    expect_error(metadata, ErrorKind::invalid, {key});
  }
  gguf::Metadata metadata = byte_bpe_metadata(tiny_byte_bpe());
  metadata.erase("tokenizer.ggml.merges");
  expect_error(metadata, ErrorKind::invalid, {"tokenizer.ggml.merges"});
}

TEST(HostileVocabulary, an_unknown_family_is_an_error_that_lists_the_known_ones) {
  gguf::Metadata metadata = tiny_sentencepiece().metadata();
  metadata.set("tokenizer.ggml.model", std::string("rwkv\n"));
  expect_error(metadata, ErrorKind::unsupported,
               {"tokenizer.ggml.model", "rwkv", "llama", "gpt2", "gemma4", "bert", "t5"});
}

TEST(HostileVocabulary, empty_names_and_one_token_are_no_problem) {
  TinyVocabulary vocabulary{.model = "llama", .tokens = {}, .types = {}, .scores = {}, .merges = {}};
  vocabulary.add("");
  auto tokenizer = Tokenizer::create(vocabulary.metadata());
  ASSERT_TRUE(tokenizer);
  EXPECT_TRUE((*tokenizer)->encode("abc", true, true).empty());
  vocabulary.add("");
  vocabulary.add("", TokenType::control);
  EXPECT_TRUE(Tokenizer::create(vocabulary.metadata()));
}

}  // namespace
}  // namespace quire
