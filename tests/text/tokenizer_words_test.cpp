// How pre-tokenizers cut text into words.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "text/pretokenizer.h"

namespace quire {
namespace {

using Words = std::vector<std::string_view>;

PreTokenizer known(std::string_view name) {
  auto pre_tokenizer = PreTokenizer::create(name);
  EXPECT_TRUE(pre_tokenizer) << name;
  return std::move(*pre_tokenizer);
}

Words split(std::string_view name, std::string_view text) {
  Words words;
  known(name).split(text, words);
  return words;
}

TEST(PreTokenizer, each_family_cuts_contractions_digits_and_spaces_its_own_way) {
  constexpr std::string_view text = "I'VE  12345 caf\u00e9s!\n\n x";
  EXPECT_EQ(split("gpt-2", text), (Words{"I", "'", "VE", " ", " 12345", " caf\u00e9s", "!", "\n\n", " x"}));
  EXPECT_EQ(split("llama-bpe", text), (Words{"I", "'VE", " ", " ", "123", "45", " caf\u00e9s", "!\n\n", " x"}));
  EXPECT_EQ(split("qwen2", text), (Words{"I", "'VE", " ", " ", "1", "2", "3", "4", "5", " caf\u00e9s", "!\n\n", " x"}));
  EXPECT_EQ(split("deepseek-llm", text),
            (Words{"I", "'", "VE", "  ", "12345", " caf", "\u00e9", "s", "!", "\n", "\n", " x"}));
  EXPECT_EQ(split("smollm", "a 123"), (Words{"a", " ", "1", "2", "3"}));
}

TEST(PreTokenizer, names_of_the_same_expressions_cut_alike) {
  constexpr std::string_view text = "We'LL 1234  go\t\n";
  for (const char* name : {"llama3", "llama-v3", "dbrx"}) EXPECT_EQ(split(name, text), split("llama-bpe", text));
  EXPECT_EQ(split("deepseek-r1-qwen", text), split("qwen2", text));
}

TEST(PreTokenizer, white_space_is_unicodes) {
  EXPECT_EQ(split("gpt-2", "a\u3000\u00a0\u0085b"), (Words{"a", "\u3000\u00a0", "\u0085", "b"}));
  EXPECT_EQ(split("gpt-2", "a\u180eb"), (Words{"a", "\u180e", "b"})) << "no white space since Unicode 6.3";
  EXPECT_EQ(split("gpt-2", "\u180e "), (Words{"\u180e", " "}));
}

TEST(PreTokenizer, bytes_that_are_not_utf8_are_words) {
  EXPECT_EQ(split("gpt-2", "ab\xff\xfe c"), (Words{"ab", "\xff", "\xfe", " c"}));
  EXPECT_EQ(split("gpt-2", "\xe2\x82"), (Words{"\xe2", "\x82"})) << "the beginning of a character";
  EXPECT_EQ(split("gpt-2", "\xed\xa0\x80"), (Words{"\xed", "\xa0", "\x80"})) << "a surrogate";
  EXPECT_EQ(split("gpt-2", ""), Words{});
}

TEST(PreTokenizer, words_are_the_text_and_none_is_empty) {
  constexpr const char* names[] = {"gpt-2", "llama-bpe", "qwen2", "deepseek-llm", "smollm"};
  const std::string_view pieces[] = {"a",
                                     "Z",
                                     "'s",
                                     "'LL",
                                     "1",
                                     " ",
                                     "  ",
                                     "\n",
                                     "\r",
                                     "!",
                                     "\u00e9",
                                     "\u3000",
                                     "\u4e2d",
                                     "\U0001f680",
                                     "\u0301",
                                     "\xff",
                                     "\xc3",
                                     "\u00bd",
                                     std::string_view("\0", 1)};
  for (const char* name : names) {
    const PreTokenizer pre_tokenizer = known(name);
    for (unsigned seed = 0; seed < 2000; ++seed) {
      std::mt19937 random(seed);
      std::string text;
      for (size_t count = random() % 30; count > 0; --count) text += pieces[random() % std::size(pieces)];
      Words words;
      pre_tokenizer.split(text, words);
      std::string joined;
      for (const std::string_view word : words) {
        ASSERT_FALSE(word.empty()) << name << " seed " << seed;
        joined += word;
      }
      ASSERT_EQ(joined, text) << name << " seed " << seed;
    }
  }
}

TEST(PreTokenizer, says_which_models_compose_characters_first) {
  for (const char* name : {"qwen2", "deepseek-r1-qwen", "qwen35", "stablelm2", "hunyuan", "olmo", "mpt", "command-r"}) {
    EXPECT_TRUE(known(name).has(composes_characters)) << name;
  }
  for (const char* name : {"gpt-2", "llama-bpe", "deepseek-llm", "smollm", "glm4"}) {
    EXPECT_FALSE(known(name).has(composes_characters)) << name;
  }
}

TEST(PreTokenizer, an_unknown_name_is_an_error_that_lists_the_known_ones) {
  for (const char* name : {"", "gpt-5", "gpt-2 "}) {
    const auto pre_tokenizer = PreTokenizer::create(name);
    ASSERT_FALSE(pre_tokenizer) << name;
    EXPECT_EQ(pre_tokenizer.error().kind, ErrorKind::unsupported);
    for (const char* part : {"tokenizer.ggml.pre", "gpt-2", "llama-bpe", "qwen2", "deepseek-llm"}) {
      EXPECT_NE(pre_tokenizer.error().message.find(part), std::string::npos) << pre_tokenizer.error().message;
    }
  }
}

}  // namespace
}  // namespace quire
