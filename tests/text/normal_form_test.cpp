#include "text/normal_form.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "text/tokenizer.h"
#include "text/tokenizer_fixture.h"

namespace quire {
namespace {

TEST(NormalForm, composes_what_has_a_composed_form) {
  EXPECT_EQ(nfc("e\u0301"), "\u00e9");
  EXPECT_EQ(nfc("plain"), "plain");
  EXPECT_EQ(nfc(""), "");
  EXPECT_EQ(nfc("s\u0307\u0323"), "\u1e69") << "marks in the other order";
  EXPECT_EQ(nfc("\u212b\u212a"), "\u00c5K") << "characters that are another one";
  EXPECT_EQ(nfc("\u1112\u1161\u11ab"), "\ud55c") << "a syllable in parts";
  EXPECT_EQ(nfc("\u0958"), "\u0915\u093c") << "excluded from composition";
  EXPECT_EQ(nfc("x\u0301"), "x\u0301") << "no such character";
}

TEST(NormalForm, leaves_bytes_that_are_not_utf8_and_composes_nothing_across_them) {
  EXPECT_EQ(nfc("e\xff\u0301"), "e\xff\u0301");
  EXPECT_EQ(nfc("e\u0301\xcc"), "\u00e9\xcc");
  EXPECT_EQ(nfc(std::string_view("e\0\u0301", 4)), std::string_view("e\0\u0301", 4));
}

TEST(NormalForm, decomposes_and_orders_marks) {
  EXPECT_EQ(nfd("caf\u00e9"), "cafe\u0301");
  EXPECT_EQ(nfd("\u1e69"), "s\u0323\u0307");
  EXPECT_EQ(nfd("s\u0307\u0323"), "s\u0323\u0307");
  EXPECT_EQ(nfd("\ud55c"), "\u1112\u1161\u11ab");
  EXPECT_EQ(nfd("\u00e9\xff"), "e\u0301\xff");
  EXPECT_TRUE(is_surely_nfd("plain \u00bf"));
  EXPECT_FALSE(is_surely_nfd("\u00c0"));
}

TEST(NormalForm, knows_at_once_most_text_that_needs_nothing) {
  EXPECT_TRUE(is_surely_nfc("caf\u00e9 \u02ff"));
  EXPECT_FALSE(is_surely_nfc("e\u0301"));
  EXPECT_FALSE(is_surely_nfc("\u4e2d"));
}

// What is known of any normal form: a second time changes nothing, and parts may be taken apart and put together.
TEST(NormalForm, is_the_same_a_second_time_and_never_much_shorter) {
  const std::string_view pieces[] = {"a",      "e",      "\u0301", "\u0323",    "\u0308", "\u1fbe",
                                     "\u1112", "\u1161", "\u11ab", "\u212a",    "\xff",   "\xcc",
                                     "\u0dd9", "\u0dcf", "\u0dca", "\U0002f800"};
  for (unsigned seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    for (size_t count = random() % 12; count > 0; --count) text += pieces[random() % std::size(pieces)];
    const std::string once = nfc(text);
    ASSERT_EQ(nfc(once), once) << "seed " << seed;
    ASSERT_GE(once.size() * nfc_shrinks_max, text.size()) << "seed " << seed;
    ASSERT_LE(once.size(), text.size() * 3) << "seed " << seed;
    ASSERT_TRUE(once == text || !is_surely_nfc(text)) << "seed " << seed;
  }
}

// 200,000 marks out of order: exchanging neighbours would take 10^10 steps.
TEST(NormalForm, orders_endless_marks_in_bounded_time) {
  std::string marks = "a";
  for (int i = 0; i < 100'000; ++i) marks += "\u0301\u0323";
  const std::string ordered = nfc(marks);
  EXPECT_EQ(ordered.substr(0, 7), "\u1ea1\u0323\u0323");
  EXPECT_EQ(ordered.size(), marks.size());
}

// Byte b is token b; the bytes of U+00E9 merge.
TEST(NormalForm, comes_before_the_words_of_models_that_want_it) {
  test::TinyVocabulary vocabulary = test::tiny_byte_bpe();
  const TokenId composed = test::add_merge(vocabulary, "\u00c3", "\u00a9");
  const TokenId end = vocabulary.add("<|im_end|>", TokenType::control);
  const auto qwen = Tokenizer::create(test::byte_bpe_metadata(vocabulary, "qwen2"));
  const auto gpt = Tokenizer::create(test::byte_bpe_metadata(vocabulary, "gpt-2"));
  ASSERT_TRUE(qwen && gpt);
  EXPECT_EQ((*qwen)->encode("e\u0301", false, false), std::vector<TokenId>{composed});
  EXPECT_EQ((*gpt)->encode("e\u0301", false, false), (std::vector<TokenId>{'e', 0xCC, 0x81}));
  // Spans are of the text as it was given, and a special token ends a text that is composed.
  const std::string typed = "e\u0301<|im_end|>e\u0301";
  std::vector<TokenId> expected = (*qwen)->encode(typed, false, false);
  EXPECT_EQ(std::count(expected.begin(), expected.end(), end), 0);
  expected.push_back(end);
  expected.push_back(composed);
  const PromptText prompt{.text = typed + "<|im_end|>e\u0301", .user_spans = {{0, typed.size()}}};
  EXPECT_EQ((*qwen)->encode(prompt, false), expected);
  EXPECT_EQ((*qwen)->encode("e<|im_end|>\u0301", false, true), (std::vector<TokenId>{'e', end, 0xCC, 0x81}));
  EXPECT_GE((*qwen)->text_bytes_max(), 3U);
}

}  // namespace
}  // namespace quire
