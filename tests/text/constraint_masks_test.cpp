#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "text/constraint/compiled.h"
#include "text/constraint/grammar/free_text.h"
#include "text/constraint/schema/schema.h"
#include "text/constraint_fixture.h"
#include "text/constraint_masks_support.h"
#include "text/tokenizer.h"
#include "text/tokenizer_fixture.h"

namespace quire::constraint {
namespace {

// Token 0 ends, token 1 has no text, then all texts over a, b and c up to three letters, two of them twice, and some
// that are longer than what counts as short.
struct SmallVocabulary {
  std::vector<std::string> texts;
  SmallVocabulary() {
    texts = {"", ""};
    for (const std::string& text : test::all_texts("abc", 3)) {
      if (!text.empty()) texts.push_back(text);
    }
    texts.insert(texts.end(), {"ab", "c", std::string(18, 'a'), std::string(25, 'a'), "abababababababababab",
                               "ccccccccccccccccb", "aaaaaaaaaaaaaaaabc", "abcabcabcabcabcabc"});
  }
};

TEST(ConstraintMasks, masks_of_random_grammars_are_what_trying_each_token_gives_with_any_memory) {
  const SmallVocabulary vocabulary;
  int walked = 0, over_bound = 0;
  for (uint32_t seed = 0; seed < 150; ++seed) {
    const Grammar grammar = test::random_grammar(seed);
    auto automaton = Automaton::compile(grammar);
    if (!automaton) continue;
    const auto trie = std::make_shared<const TokenTrie>(vocabulary.texts);
    const auto roomy = CompiledConstraint::create(grammar, trie, {0});
    const auto forgetful = CompiledConstraint::create(grammar, trie, {0}, {}, {.automaton_bytes = 0, .masks_bytes = 0});
    if (!roomy || !forgetful) continue;  // would take too long
    for (uint32_t answer = 0; answer < 3; ++answer) {
      std::mt19937 random(seed * 3 + answer);
      const auto state = (*roomy)->begin();
      const auto forgetting = (*forgetful)->begin();
      StateId place = automaton->begin();
      std::string text;
      for (int token = 0; token < 12; ++token) {
        const std::vector<TokenId> allowed = tokens_of(state->allowed());
        const std::vector<TokenId> found = tried(*automaton, place, vocabulary.texts);
        ASSERT_TRUE(std::includes(allowed.begin(), allowed.end(), found.begin(), found.end()))
            << "seed " << seed << ", text " << text;
        for (const TokenId more : allowed) {
          if (std::binary_search(found.begin(), found.end(), more)) continue;
          // A state of too many machines, which a mask put together from smaller ones does not see.
          const std::string longer = text + vocabulary.texts[static_cast<size_t>(more)];
          ASSERT_TRUE(test::PlainMatcher(grammar, longer).is_prefix()) << "seed " << seed << ", text " << longer;
          ++over_bound;
        }
        ASSERT_EQ(tokens_of(forgetting->allowed()), allowed) << "seed " << seed << ", text " << text;
        ASSERT_FALSE(allowed.empty());
        const TokenId next = allowed[random() % allowed.size()];
        state->accept(next);
        forgetting->accept(next);
        if (next == 0) break;
        text += vocabulary.texts[static_cast<size_t>(next)];
        place = automaton->step(place, vocabulary.texts[static_cast<size_t>(next)]);
        if (place == dead_state) break;
        ++walked;
      }
    }
  }
  EXPECT_GT(walked, 500);
  EXPECT_LT(over_bound, walked / 20);
}

TEST(ConstraintMasks, near_the_bounds_of_a_count_masks_are_what_trying_each_token_gives) {
  const SmallVocabulary vocabulary;
  for (const auto& [min, max] : {std::pair{0U, 60U}, {45U, 60U}, {30U, unbounded}, {50U, 50U}}) {
    Grammar grammar;
    const NodeId letter = grammar.choice({grammar.bytes("a"), grammar.bytes("b"), grammar.bytes("cc")});
    grammar.set_root(grammar.sequence({grammar.bytes("c"), grammar.repeat(letter, min, max), grammar.bytes("c")}));
    auto automaton = Automaton::compile(grammar);
    const ConstraintPointer constraint = constraint_of(grammar, vocabulary.texts);
    for (uint32_t seed = 0; seed < 40; ++seed) {
      std::mt19937 random(seed);
      const auto state = constraint->begin();
      StateId place = automaton->begin();
      for (int token = 0; token < 60; ++token) {
        const std::vector<TokenId> allowed = tokens_of(state->allowed());
        ASSERT_EQ(allowed, tried(*automaton, place, vocabulary.texts))
            << "seed " << seed << ", " << min << " to " << max;
        const TokenId next = allowed[random() % allowed.size()];
        state->accept(next);
        if (next == 0) break;
        place = automaton->step(place, vocabulary.texts[static_cast<size_t>(next)]);
      }
    }
  }
}

TEST(ConstraintMasks, an_answer_that_waits_is_where_it_was_when_others_made_its_state_forgotten) {
  const SmallVocabulary vocabulary;
  Grammar grammar;
  const RuleId list = grammar.declare("list");
  grammar.define(list,
                 grammar.sequence({grammar.bytes("a"), grammar.repeat(grammar.refer(list), 0), grammar.bytes("b")}));
  grammar.set_root(grammar.refer(list));
  const ConstraintPointer constraint =
      constraint_of(grammar, vocabulary.texts, {.automaton_bytes = 4096, .masks_bytes = 4096});
  const auto waiting = constraint->begin();
  for (int token = 0; token < 5; ++token) waiting->accept(2);  // "a"
  const std::vector<TokenId> before = tokens_of(waiting->allowed());
  const auto other = constraint->begin();
  for (int token = 0; token < 400; ++token) {
    other->accept(2);
    other->allowed();
  }
  EXPECT_EQ(tokens_of(waiting->allowed()), before);
  for (int token = 0; token < 5; ++token) waiting->accept(3);  // "b"
  EXPECT_EQ(tokens_of(waiting->allowed()), std::vector<TokenId>{0});
}

TEST(ConstraintMasks, what_only_one_text_can_be_is_forced) {
  const SmallVocabulary vocabulary;
  Grammar grammar;
  grammar.set_root(grammar.choice({grammar.bytes("abcab"), grammar.bytes("abca"), grammar.bytes("abcc")}));
  const ConstraintPointer constraint = constraint_of(grammar, vocabulary.texts);
  const auto state = constraint->begin_compiled();
  EXPECT_EQ(state->forced_text(100), "abc");
  EXPECT_EQ(state->forced_text(2), "ab");
  state->accept(2);
  EXPECT_EQ(state->forced_text(100), "bc");
}

// Palindromes over many letters: what has been read is on the stack, so that each beginning of a token is a state.
TEST(ConstraintMasks, a_grammar_that_takes_too_long_with_a_vocabulary_is_refused) {
  Grammar grammar;
  const RuleId rule = grammar.declare("palindrome");
  std::vector<NodeId> ways{grammar.bytes(".")};
  std::vector<std::string> texts{""};
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    const NodeId byte = grammar.bytes(std::string(1, letter));
    ways.push_back(grammar.sequence({byte, grammar.refer(rule), byte}));
    ways.push_back(grammar.sequence({byte, grammar.refer(rule), grammar.refer(rule), byte}));
    ways.push_back(grammar.sequence({byte, byte, grammar.refer(rule), byte}));
  }
  grammar.define(rule, grammar.choice(ways));
  grammar.set_root(grammar.refer(rule));
  for (const std::string& text : test::all_texts("abcdefghijklmnopqrstuvwxyz", 3)) {
    if (!text.empty()) texts.push_back(text);
  }
  for (const std::string& text : test::all_texts("abcdef", 6)) {
    if (text.size() > 3) texts.push_back(text);
  }
  texts.emplace_back(".");
  const auto refused = CompiledConstraint::create(grammar, std::make_shared<const TokenTrie>(texts), {0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::too_large) << refused.error().message;
}

TEST(ConstraintMasks, tokens_of_a_vocabulary_without_a_text_are_never_allowed) {
  quire::test::TinyVocabulary tiny = quire::test::tiny_byte_bpe();
  const TokenId end = tiny.add("<|im_end|>", TokenType::control);
  const TokenId call = tiny.add("[CALL]", TokenType::control);
  const TokenId unused = tiny.add("unused", TokenType::unused);
  const TokenId own = tiny.add("<tool>", TokenType::user_defined);
  gguf::Metadata metadata = quire::test::byte_bpe_metadata(tiny);
  metadata.set("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(end));
  const auto tokenizer = Tokenizer::create(metadata);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  ASSERT_TRUE((*tokenizer)->is_end(end));
  Grammar grammar;
  grammar.set_root(
      grammar.sequence({*free_until(grammar, {}), grammar.bytes(control_text("[CALL]")), grammar.bytes("!")}));
  const std::vector<TokenId> spelled{call};
  const auto trie = std::make_shared<const TokenTrie>(TokenTrie::of(**tokenizer, spelled));
  const auto constraint = CompiledConstraint::create(grammar, trie, {end});
  ASSERT_TRUE(constraint) << constraint.error().message;
  const auto state = (*constraint)->begin();
  const auto mask = state->allowed();
  EXPECT_FALSE(has(mask, end));
  EXPECT_FALSE(has(mask, unused));
  EXPECT_TRUE(has(mask, own));
  EXPECT_TRUE(has(mask, call));
  EXPECT_TRUE(has(mask, 'x'));
  EXPECT_FALSE(has(mask, 0xff)) << "would spell what a control token is";
  state->accept(call);
  EXPECT_EQ(tokens_of(state->allowed()), std::vector<TokenId>{'!'});
  state->accept('!');
  EXPECT_EQ(tokens_of(state->allowed()), std::vector<TokenId>{end});
  state->accept(end);
  EXPECT_EQ(tokens_of(state->allowed()), std::vector<TokenId>{end}) << "an answer that has ended ends";
  const auto without =
      CompiledConstraint::create(grammar, std::make_shared<const TokenTrie>(TokenTrie::of(**tokenizer)), {end});
  EXPECT_EQ(without.error().kind, ErrorKind::unsupported) << "the grammar asks for a token that nothing spells";
}

TEST(ConstraintMasks, a_constraint_needs_an_end_token_and_a_grammar_that_the_vocabulary_can_spell) {
  Grammar grammar;
  grammar.set_root(grammar.bytes("ax"));
  const auto trie = std::make_shared<const TokenTrie>(SmallVocabulary().texts);
  EXPECT_EQ(CompiledConstraint::create(grammar, trie, {0}).error().kind, ErrorKind::unsupported);
  grammar.set_root(grammar.bytes("a"));
  EXPECT_TRUE(CompiledConstraint::create(grammar, trie, {0}));
  EXPECT_EQ(CompiledConstraint::create(grammar, trie, {}).error().kind, ErrorKind::unsupported);
}

// Thinking: the marker is "cab"; the answer after it is "b" or "ca".
struct Thinking {
  SmallVocabulary vocabulary;
  Grammar grammar;
  Thinking() { grammar.set_root(grammar.choice({grammar.bytes("b"), grammar.bytes("ca")})); }
  TokenId token(std::string_view text) const {
    const auto found = std::find(vocabulary.texts.begin(), vocabulary.texts.end(), text);
    return static_cast<TokenId>(found - vocabulary.texts.begin());
  }
  Result<ConstraintPointer> create(Preamble preamble) const {
    return CompiledConstraint::create(grammar, std::make_shared<const TokenTrie>(vocabulary.texts), {0},
                                      std::move(preamble));
  }
};

TEST(ConstraintMasks, before_the_marker_everything_may_come_but_what_goes_on_wrongly_after_it) {
  const Thinking thinking;
  const auto constraint = thinking.create({.marker = "cab"});
  ASSERT_TRUE(constraint) << constraint.error().message;
  // Every token's text after every thinking of up to four letters, in one token a letter.
  for (const std::string& before : test::all_texts("abc", 4)) {
    if (before.find("cab") != std::string::npos) continue;
    const auto state = (*constraint)->begin();
    for (const char letter : before) state->accept(thinking.token(std::string(1, letter)));
    const auto mask = state->allowed();
    EXPECT_FALSE(has(mask, 0)) << "thinking does not end an answer";
    EXPECT_TRUE(has(mask, 1));
    for (size_t token = 2; token < thinking.vocabulary.texts.size(); ++token) {
      const std::string text = before + thinking.vocabulary.texts[token];
      const size_t marker = text.find("cab");
      const std::string rest = marker == std::string::npos ? "" : text.substr(marker + 3);
      const bool allowed = rest.empty() || rest == "b" || rest == "c" || rest == "ca";
      ASSERT_EQ(has(mask, static_cast<TokenId>(token)), allowed) << text;
      if (!allowed || marker == std::string::npos) continue;
      const auto after = (*constraint)->begin();
      for (const char letter : before) after->accept(thinking.token(std::string(1, letter)));
      after->accept(static_cast<TokenId>(token));
      ASSERT_EQ(has(after->allowed(), 0), rest == "b" || rest == "ca") << text;
      ASSERT_EQ(has(after->allowed(), thinking.token("b")), rest.empty()) << text;
    }
  }
}

TEST(ConstraintMasks, after_its_budget_thinking_is_closed_token_by_token) {
  const Thinking thinking;
  const std::vector<TokenId> closing{thinking.token("a"), thinking.token("c"), thinking.token("ab")};
  const auto constraint = thinking.create({.marker = "cab", .tokens_max = 3, .closing = closing});
  ASSERT_TRUE(constraint) << constraint.error().message;
  const auto state = (*constraint)->begin();
  for (int token = 0; token < 3; ++token) {
    EXPECT_GT(tokens_of(state->allowed()).size(), 30u);
    state->accept(thinking.token("b"));
  }
  for (const TokenId token : closing) {
    EXPECT_EQ(tokens_of(state->allowed()), std::vector<TokenId>{token});
    state->accept(token);
  }
  EXPECT_EQ(tokens_of(state->allowed()).size(), 4u);  // b, c twice and ca
  EXPECT_EQ(thinking.create({.marker = "cab", .tokens_max = 3, .closing = {closing[0]}}).error().kind,
            ErrorKind::invalid);
  EXPECT_EQ(thinking.create({.marker = ""}).error().kind, ErrorKind::invalid);
}

TEST(ConstraintMasks, thinking_that_an_answer_may_begin_has_a_budget_from_its_opening_on) {
  Thinking thinking;
  const NodeId direct = thinking.grammar.root();
  const NodeId thought =
      thinking.grammar.sequence({thinking.grammar.bytes(thought_mark), thinking.grammar.bytes("aa")});
  thinking.grammar.set_root(thinking.grammar.choice({direct, thought}));
  const std::vector<TokenId> closing{thinking.token("c"), thinking.token("ab")};
  const auto constraint = thinking.create({.marker = "cab", .opening = "ccb", .tokens_max = 2, .closing = closing});
  ASSERT_TRUE(constraint) << constraint.error().message;
  // The opening, or the answer: each token's text tried against both.
  for (const std::string before : {"", "c", "cc"}) {
    const auto state = (*constraint)->begin_compiled();
    for (const char letter : before) state->accept(thinking.token(std::string(1, letter)));
    const auto mask = state->allowed();
    for (size_t token = 2; token < thinking.vocabulary.texts.size(); ++token) {
      const std::string text = before + thinking.vocabulary.texts[token];
      const bool opens = text.starts_with("ccb") || std::string_view("ccb").starts_with(text);
      ASSERT_EQ(has(mask, static_cast<TokenId>(token)), opens || text == "b" || text == "c" || text == "ca") << text;
    }
  }
  const auto state = (*constraint)->begin_compiled();
  std::vector<TokenId> forced;
  for (const char* text : {"cc", "ba", "c", "bb"}) {  // two tokens after the one that has opened it
    state->append_forced(forced);
    ASSERT_TRUE(forced.empty());
    ASSERT_TRUE(has(state->allowed(), thinking.token(text))) << text;
    state->accept(thinking.token(text));
  }
  state->append_forced(forced);
  EXPECT_EQ(forced, closing);
  for (const TokenId token : forced) {
    EXPECT_EQ(tokens_of(state->allowed()), std::vector<TokenId>{token});
    state->accept(token);
  }
  EXPECT_EQ(tokens_of(state->allowed()), (std::vector<TokenId>{thinking.token("a"), thinking.token("aa")}))
      << "what comes behind thinking";
  const auto plain = (*constraint)->begin_compiled();
  plain->accept(thinking.token("b"));
  EXPECT_EQ(tokens_of(plain->allowed()), std::vector<TokenId>{0}) << "it did not think";
  const auto at_once = (*constraint)->begin_compiled();
  for (const char* text : {"ccb", "cab", "aa"}) at_once->accept(thinking.token(text));
  EXPECT_EQ(tokens_of(at_once->allowed()), std::vector<TokenId>{0});
}

TEST(ConstraintMasks, a_marker_may_be_a_control_token) {
  const Thinking thinking;
  const auto constraint =
      thinking.create({.marker = "<end>", .tokens_max = 1, .closing = {1}, .named = {{1, "<end>"}}});
  ASSERT_TRUE(constraint) << constraint.error().message;
  const auto state = (*constraint)->begin();
  state->accept(thinking.token("ccc"));
  EXPECT_EQ(tokens_of(state->allowed()), std::vector<TokenId>{1});
  state->accept(1);
  EXPECT_TRUE(has(state->allowed(), thinking.token("b")));
  EXPECT_FALSE(has(state->allowed(), 1));
}

// More members that may come next than a state can hold: no answer could be written, and that is said before it begins.
TEST(ConstraintMasks, a_grammar_that_no_state_can_hold_is_refused) {
  std::vector<std::string> texts{""};
  for (int byte = 1; byte < 256; ++byte) texts.emplace_back(1, static_cast<char>(byte));
  const auto trie = std::make_shared<const TokenTrie>(std::move(texts));
  const auto of_members = [&](int count) {
    std::string schema = R"({"type":"object","additionalProperties":false,"properties":{)";
    for (int member = 0; member < count; ++member) {
      schema += (member == 0 ? "" : ",") + std::string("\"") + std::to_string(member) + R"(":{"type":"null"})";
    }
    const auto grammar = schema_grammar(schema + "}}");
    EXPECT_TRUE(grammar.has_value()) << grammar.error().message;
    return CompiledConstraint::create(*grammar, trie, {0});
  };
  EXPECT_TRUE(of_members(2'000).has_value());
  const auto refused = of_members(6'000);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::too_large);
}

}  // namespace
}  // namespace quire::constraint
