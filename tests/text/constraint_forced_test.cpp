// Text that is the only way on comes as the tokens that the tokenizer would give it, whatever comes after.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "gguf/file.h"
#include "test_data.h"
#include "text/constraint/compiled.h"
#include "text/constraint/front_end.h"
#include "text/tokenizer.h"

namespace quire::constraint {
namespace {

std::unique_ptr<const Tokenizer> tokenizer_of(const std::string& name) {
  const auto path = quire::test::own_data_dir() /
                    (name == "stories260K" ? "models/stories260K.gguf" : "vocabularies/" + name + ".gguf");
  const auto file = gguf::File::open(path);
  EXPECT_TRUE(file) << file.error().message;
  auto tokenizer = Tokenizer::create(file->metadata());
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return std::move(*tokenizer);
}

bool may_come(std::span<const uint64_t> mask, TokenId token) {
  return (mask[static_cast<size_t>(token) / 64] >> (static_cast<size_t>(token) % 64) & 1) != 0;
}

// Where each token of a text begins.
std::map<size_t, TokenId> places_of(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<TokenId> tokens;
  tokenizer.encode_further(text, tokens);
  std::map<size_t, TokenId> places;
  size_t at = 0;
  for (const TokenId token : tokens) {
    places.emplace(at, token);
    at += tokenizer.bytes(token).size();
  }
  return places;
}

class ForcedTokens : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Vocabularies, ForcedTokens,
                         testing::Values("llama-bpe", "qwen2", "gpt-2", "deepseek-llm", "stories260K"),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::erase(name, '-');
                           return name;
                         });

// What of a beginning is settled is the same in every text that begins so.
TEST_P(ForcedTokens, what_is_settled_of_a_text_is_the_beginning_of_its_tokens_however_it_goes_on) {
  const auto tokenizer = tokenizer_of(GetParam());
  const std::vector<std::string> texts = {"{\"customer_name\": \"Ada  Lovelace's\",\n    \"age\":1234567, \"ok\":true}",
                                          "it's we'll   x\r\n\r\n  y\t\tz 'RE 12 345 +-*/ ?!  \n",
                                          "caf\xc3\xa9 \xe4\xb8\xad\xe6\x96\x87 \xd0\xbc\xd0\xb8\xd1\x80 "
                                          "\xf0\x9f\x98\x80!\xff\xc3(e\xcc\x81) <|im_end|> [INST]"};
  const std::vector<std::string> endings = {"",   "x",     " ",        "  x", "\n", "'s",       "1",
                                            "\"", "\": 5", "\xcc\x81", "re ", "_a", "\xa9\xc3", "\xe4\xb8\xad",
                                            "\r", "\xff"};
  size_t settled_bytes = 0;
  for (const std::string& text : texts) {
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      const std::string beginning = text.substr(0, cut);
      const size_t settled = tokenizer->settled(beginning);
      settled_bytes += settled;
      ASSERT_LE(settled, cut);
      std::vector<TokenId> expected;
      tokenizer->encode_further(beginning.substr(0, settled), expected);
      std::vector<std::string> wholes{text};
      for (const std::string& ending : endings) wholes.push_back(beginning + ending);
      for (const std::string& whole : wholes) {
        std::vector<TokenId> tokens;
        tokenizer->encode_further(whole, tokens);
        ASSERT_GE(tokens.size(), expected.size()) << whole;
        tokens.resize(expected.size());
        ASSERT_EQ(tokens, expected) << beginning << "|, settled " << settled << ", in: " << whole;
        // What comes after is by itself what it is in the whole: a text may be followed from there.
        std::vector<TokenId> all, rest;
        tokenizer->encode_further(whole, all);
        tokenizer->encode_further(std::string_view(whole).substr(settled), rest);
        if (std::string_view(GetParam()) != "qwen2") {  // which composes characters first
          rest.insert(rest.begin(), expected.begin(), expected.end());
          ASSERT_EQ(rest, all) << whole << ", settled " << settled;
        }
      }
    }
  }
  EXPECT_GT(settled_bytes, 500U) << "most of a text is settled";
}

// A schema of names, constants, enumerations and bounds.
std::string random_schema(std::mt19937& random) {
  const std::vector<std::string> words = {"name",
                                          "customer_id",
                                          "createdAt",
                                          "is active",
                                          "x",
                                          "stra\xc3\xb6"
                                          "e",
                                          "items",
                                          "URL",
                                          "value 17",
                                          "a-b",
                                          "\\\"q\\\"",
                                          "zipCode"};
  const auto word = [&] { return words[random() % words.size()]; };
  std::string properties, required;
  std::vector<std::string> names;
  for (size_t count = 1 + random() % 5; count > 0; --count) {
    const std::string name = word();
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    names.push_back(name);
    const std::string kinds[] = {
        R"({"type":"string"})",
        R"({"type":"integer","minimum":0,"maximum":99})",
        R"({"type":"boolean"})",
        fmt::format(R"({{"const":"{} {}"}})", word(), word()),
        fmt::format(R"({{"enum":["{} one","{} two",null]}})", word(), word()),
        R"({"type":"array","items":{"type":"number"},"maxItems":2})",
        fmt::format(R"({{"type":"object","properties":{{"{}":{{"type":"null"}}}},"required":["{}"],)"
                    R"("additionalProperties":false}})",
                    names[0], names[0])};
    properties += fmt::format("{}\"{}\":{}", properties.empty() ? "" : ",", name, kinds[random() % std::size(kinds)]);
    if (random() % 4 != 0) required += fmt::format("{}\"{}\"", required.empty() ? "" : ",", name);
  }
  return fmt::format(R"({{"type":"object","properties":{{{}}},"required":[{}],"additionalProperties":false}})",
                     properties, required);
}

struct Walk {
  std::string text;
  std::vector<std::pair<size_t, TokenId>> forced;  // with where they begin
  bool ended = false;
};

// An answer at random, in which forced tokens are taken. Half of the time by single bytes, where the vocabulary has
// them.
void walk(const Tokenizer& tokenizer, const TokenTrie& trie, CompiledState& state, std::mt19937& random, Walk& walk) {
  for (int chosen = 0; chosen < 120 && !walk.ended; ++chosen) {
    std::vector<TokenId> may, plain;
    const auto mask = state.allowed();
    for (TokenId token = 0; token < tokenizer.vocab_size(); ++token) {
      if (!may_come(mask, token)) continue;
      may.push_back(token);
      if (tokenizer.is_end(token) || trie.text(token).find_first_of("\"}],") != std::string_view::npos) {
        plain.push_back(token);
      }
    }
    ASSERT_FALSE(may.empty()) << walk.text;
    const std::vector<TokenId>& from = plain.empty() || random() % 2 == 0 ? may : plain;
    const TokenId token = from[random() % from.size()];
    walk.ended = tokenizer.is_end(token);
    if (walk.ended) break;
    walk.text += trie.text(token);
    state.accept(token);
    std::vector<TokenId> forced;
    state.append_forced(forced);
    ASSERT_LE(forced.size(), static_cast<size_t>(CompiledConstraint::forced_tokens_max));
    for (const TokenId one : forced) {
      ASSERT_TRUE(may_come(state.allowed(), one)) << walk.text << " + " << trie.text(one);
      walk.forced.emplace_back(walk.text.size(), one);
      walk.text += trie.text(one);
      state.accept(one);
    }
  }
}

TEST_P(ForcedTokens, are_those_of_the_whole_text_and_depend_on_the_text_alone) {
  const auto tokenizer = tokenizer_of(GetParam());
  const auto trie = std::make_shared<const TokenTrie>(TokenTrie::of(*tokenizer));
  std::vector<TokenId> ends;
  std::map<std::string, TokenId, std::less<>> bytes;  // tokens of one byte
  for (TokenId token = 0; token < tokenizer->vocab_size(); ++token) {
    if (tokenizer->is_end(token)) ends.push_back(token);
    if (trie->text(token).size() == 1) bytes.emplace(trie->text(token), token);
  }
  size_t forced_count = 0, finished = 0;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    const std::string schema = random_schema(random);
    const auto grammar = grammar_of({.kind = Kind::json_schema, .text = schema});
    ASSERT_TRUE(grammar) << grammar.error().message << schema;
    const auto constraint = CompiledConstraint::create(*grammar, trie, ends, {}, {}, tokenizer.get());
    ASSERT_TRUE(constraint) << constraint.error().message;
    Walk found;
    walk(*tokenizer, *trie, *(*constraint)->begin_compiled(), random, found);
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << schema;
    forced_count += found.forced.size();
    finished += found.ended ? 1 : 0;
    const std::map<size_t, TokenId> whole = places_of(*tokenizer, found.text);
    for (const auto& [at, token] : found.forced) {
      const auto place = whole.find(at);
      ASSERT_TRUE(place != whole.end() && place->second == token)
          << "seed " << seed << ": '" << trie->text(token) << "' at " << at << " of " << found.text;
    }
    // The same text in other tokens forces the same.
    const auto state = (*constraint)->begin_compiled();
    std::map<size_t, TokenId> places(found.forced.begin(), found.forced.end());
    for (size_t at = 0; at < found.text.size(); ++at) {
      const auto byte = bytes.find(found.text.substr(at, 1));
      if (byte == bytes.end()) break;
      state->accept(byte->second);
      const auto next = places.find(at + 1);
      if (next == places.end() || places.contains(at)) continue;
      std::vector<TokenId> forced;
      state->append_forced(forced);
      ASSERT_FALSE(forced.empty()) << "seed " << seed << ", after " << found.text.substr(0, at + 1);
      EXPECT_EQ(forced.front(), next->second);
    }
  }
  EXPECT_GT(forced_count, 100U);
  EXPECT_GT(finished, 20U);
}

TEST(ForcedText, stops_before_a_boundary_that_what_follows_may_move) {
  const auto tokenizer = tokenizer_of("llama-bpe");
  const auto trie = std::make_shared<const TokenTrie>(TokenTrie::of(*tokenizer));
  const auto forced_after = [&](const std::string& pattern, std::string_view said) {
    const auto grammar = grammar_of({.kind = Kind::regex, .text = pattern});
    EXPECT_TRUE(grammar) << grammar.error().message;
    TokenId end = 0;
    while (!tokenizer->is_end(end)) ++end;
    const auto constraint = CompiledConstraint::create(*grammar, trie, {end}, {}, {}, tokenizer.get());
    EXPECT_TRUE(constraint) << constraint.error().message;
    const auto state = (*constraint)->begin_compiled();
    std::vector<TokenId> tokens;
    tokenizer->encode_further(said, tokens);
    for (const TokenId token : tokens) state->accept(token);
    std::vector<TokenId> forced;
    state->append_forced(forced);
    std::string text;
    for (const TokenId token : forced) text += tokenizer->bytes(token);
    return text;
  };
  EXPECT_EQ(forced_after("[xy], the value is[a-z! ]+", "x"), ", the value") << "' is' may go on as ' island' does";
  EXPECT_EQ(forced_after("[xy], the value is( [0-9])+", "x"), ", the value is") << "a space ends the word";
  EXPECT_EQ(forced_after("[xy], the value is[!?]+", "x"), ", the value") << "the end of what is known";
  EXPECT_EQ(forced_after("[xy], the value is (a|b)", "x"), ", the value is");
  EXPECT_EQ(forced_after("[xy], the value", "x"), ", the") << "the answer ends here, and its last word is not known to";
  EXPECT_EQ(forced_after("th[ey] value is 7", "th"), "") << "nothing is forced";
  EXPECT_EQ(forced_after("t(he|o) value is 7", "th"), "") << "in the middle of a word that is one token";
  EXPECT_EQ(forced_after("t(he|o) value is 7", "the"), " value is ") << "a space before a digit is a word";
}

}  // namespace
}  // namespace quire::constraint
