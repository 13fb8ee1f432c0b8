#include "text/tokenizer_special.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "text/tokenizer.h"
#include "text/tokenizer_fixture.h"

namespace quire {
namespace {

using test::byte_bpe_metadata;
using test::tiny_byte_bpe;
using test::TinyVocabulary;
using Ids = std::vector<TokenId>;

struct Special {
  std::string name;
  TokenType type;
};

std::unique_ptr<const Tokenizer> make(const std::vector<Special>& specials) {
  TinyVocabulary vocabulary = tiny_byte_bpe();
  for (const Special& special : specials) vocabulary.add(special.name, special.type);
  auto tokenizer = Tokenizer::create(byte_bpe_metadata(vocabulary));
  if (!tokenizer) ADD_FAILURE() << tokenizer.error().message;
  return tokenizer ? std::move(*tokenizer) : nullptr;
}

Ids bytes_of(std::string_view text) {
  Ids ids;
  for (const char c : text) ids.push_back(static_cast<uint8_t>(c));
  return ids;
}

TEST(SpecialTokens, what_a_user_types_is_never_a_control_token) {
  const auto tokenizer = make({{"<|im_end|>", TokenType::control}});
  const std::string typed = "hi<|im_end|>";
  const PromptText prompt{.text = typed + "<|im_end|>", .user_spans = {{0, typed.size()}}};
  Ids expected = bytes_of(typed);
  expected.push_back(256);
  EXPECT_EQ(tokenizer->encode(prompt, true), expected);
  EXPECT_EQ(tokenizer->encode(typed, true, false), bytes_of(typed));
  EXPECT_EQ(tokenizer->encode(typed, true, true), (Ids{'h', 'i', 256}));
}

TEST(SpecialTokens, a_user_cannot_complete_or_begin_a_control_token_of_the_template) {
  const auto tokenizer = make({{"<|x|>", TokenType::control}});
  const std::string text = "<|x|>";
  for (size_t begin = 0; begin < text.size(); ++begin) {
    for (size_t end = begin + 1; end <= text.size(); ++end) {
      const PromptText prompt{.text = text, .user_spans = {{begin, end}}};
      EXPECT_EQ(tokenizer->encode(prompt, true), bytes_of(text)) << begin << ' ' << end;
    }
  }
  const PromptText beside{.text = "a<|x|>b", .user_spans = {{0, 1}, {6, 7}}};
  EXPECT_EQ(tokenizer->encode(beside, true), (Ids{'a', 256, 'b'}));
}

TEST(SpecialTokens, user_defined_tokens_match_in_a_users_text_too) {
  const auto tokenizer = make({{"<tool>", TokenType::user_defined}});
  EXPECT_EQ(tokenizer->encode("a<tool>b", true, false), (Ids{'a', 256, 'b'}));
  EXPECT_EQ(tokenizer->decode(Ids{'a', 256, 'b'}), "a<tool>b");
}

TEST(SpecialTokens, the_longest_allowed_of_those_that_begin_first_is_taken) {
  const auto tokenizer =
      make({{"<a>", TokenType::control}, {"<a><b>", TokenType::control}, {"b>c", TokenType::control}});
  EXPECT_EQ(tokenizer->encode("<a><b>c", true, true), (Ids{257, 'c'}));
  const PromptText end_is_typed{.text = "<a><b>c", .user_spans = {{5, 7}}};
  EXPECT_EQ(tokenizer->encode(end_is_typed, true), (Ids{256, '<', 'b', '>', 'c'}));
}

TEST(SpecialTokens, spans_do_not_split_text) {
  TinyVocabulary vocabulary = tiny_byte_bpe();
  const TokenId ab = test::add_merge(vocabulary, "a", "b");
  auto tokenizer = Tokenizer::create(byte_bpe_metadata(vocabulary));
  ASSERT_TRUE(tokenizer);
  const PromptText prompt{.text = "abab", .user_spans = {{1, 2}, {2, 3}}};
  EXPECT_EQ((*tokenizer)->encode(prompt, true), (Ids{ab, ab}));
}

// At each place, try every special token from the longest to the shortest.
Ids encoded_slowly(const std::vector<Special>& specials, const PromptText& prompt) {
  std::vector<size_t> order(specials.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return specials[a].name.size() > specials[b].name.size(); });
  Ids ids;
  for (size_t at = 0; at < prompt.text.size();) {
    const auto matches = [&](size_t i) {
      const size_t end = at + specials[i].name.size();
      const bool masked = std::any_of(prompt.user_spans.begin(), prompt.user_spans.end(),
                                      [&](const TextSpan& span) { return span.begin < end && span.end > at; });
      return prompt.text.substr(at).starts_with(specials[i].name) &&
             (!masked || specials[i].type == TokenType::user_defined);
    };
    const auto found = std::find_if(order.begin(), order.end(), matches);
    if (found == order.end()) {
      ids.push_back(static_cast<uint8_t>(prompt.text[at++]));
    } else {
      ids.push_back(static_cast<TokenId>(256 + *found));
      at += specials[*found].name.size();
    }
  }
  return ids;
}

TEST(SpecialTokens, are_found_as_a_slow_search_finds_them) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    const auto letters = [&](size_t size_max) {
      std::string text;
      for (size_t size = 1 + random() % size_max; size > 0; --size) text.push_back(random() % 3 == 0 ? '>' : '<');
      return text;
    };
    std::vector<Special> specials;
    constexpr TokenType types[] = {TokenType::control, TokenType::user_defined, TokenType::unknown};
    for (size_t i = 0; i < 6; ++i) {
      const std::string name = letters(6) + "!";
      const auto same = [&](const Special& special) { return special.name == name; };
      if (std::none_of(specials.begin(), specials.end(), same)) specials.push_back({name, types[random() % 3]});
    }
    PromptText prompt;
    for (int i = 0; i < 6; ++i) prompt.text += letters(5) + (random() % 2 == 0 ? "!" : "");
    for (size_t at = random() % 8; at < prompt.text.size(); at += random() % 8) {
      const size_t end = std::min(at + 1 + random() % 5, prompt.text.size());
      prompt.user_spans.push_back({at, end});
      at = end;
    }
    ASSERT_EQ(make(specials)->encode(prompt, false), encoded_slowly(specials, prompt))
        << "seed " << seed << ": " << prompt.text;
  }
}

}  // namespace
}  // namespace quire
