// Masks over a large vocabulary, whose branches are walked in ways that small ones have none of.
#include <gtest/gtest.h>

#include <random>

#include "text/constraint/grammar/free_text.h"
#include "text/constraint_masks_support.h"

namespace quire::constraint {
namespace {

// 40,000 tokens of pieces of words, of characters of one to four bytes (whole, cut, and such as are none), and of JSON.
std::vector<std::string> large_vocabulary() {
  const std::vector<std::string> pieces = {"a",
                                           "e",
                                           "n",
                                           "th",
                                           "er",
                                           "Q",
                                           "7",
                                           " ",
                                           "  ",
                                           "\n",
                                           "\"",
                                           "\":",
                                           "\",",
                                           "\\",
                                           "{",
                                           "}",
                                           "[",
                                           "]",
                                           ",",
                                           ":",
                                           "<",
                                           "/x>",
                                           "\xc3\xa9",
                                           "\xd0\xbc",
                                           "\xe4\xb8\xad",
                                           "\xf0\x9f\x98\x80",
                                           "\xe4\xb8",
                                           "\xf0\x9f",
                                           "\xc3",
                                           "\xa9",
                                           "\xed\xa0\x80",
                                           "\xc0\x80",
                                           "\xf5",
                                           "\x01"};
  std::mt19937 random(11);
  std::vector<std::string> texts{""};
  for (int byte = 0; byte < 255; ++byte) texts.push_back(std::string(1, static_cast<char>(byte)));
  while (texts.size() < 40'000) {
    std::string text;
    for (size_t count = 1 + random() % 7; count > 0; --count) text += pieces[random() % pieces.size()];
    texts.push_back(text);
  }
  return texts;
}

TEST(LargeMasks, are_what_trying_each_token_gives) {
  Grammar grammar;
  const std::pair<char32_t, char32_t> plain[] = {{0x20, 0x21}, {0x23, 0x5b}, {0x5d, 0x10ffff}};
  const NodeId character = grammar.choice({grammar.characters(plain), grammar.bytes("\\\""), grammar.bytes("\\n")});
  const auto quoted = [&](uint32_t max) {
    return grammar.sequence({grammar.bytes("\""), grammar.repeat(character, 0, max), grammar.bytes("\"")});
  };
  const RuleId value = grammar.declare("value"), any_text = grammar.declare("text");
  grammar.define(any_text, quoted(unbounded));
  const NodeId space = grammar.repeat(grammar.bytes(" "), 0);
  const NodeId item = grammar.sequence({space, grammar.refer(value), space});
  const NodeId more = grammar.repeat(grammar.sequence({grammar.bytes(","), item}), 0);
  grammar.define(value, grammar.choice({grammar.refer(any_text), quoted(30), grammar.bytes("77"),
                                        grammar.sequence({grammar.bytes("["), item, more, grammar.bytes("]")})}));
  const NodeId free = *free_until(grammar, std::vector<std::string>{"</x>"});
  grammar.set_root(
      grammar.sequence({free, grammar.bytes("</x>"), grammar.refer(value), grammar.bytes(":"), quoted(40)}));
  auto automaton = Automaton::compile(grammar);
  const std::vector<std::string> texts = large_vocabulary();
  const ConstraintPointer constraint = constraint_of(grammar, texts);
  for (uint32_t seed = 0; seed < 12; ++seed) {
    std::mt19937 random(seed);
    const auto state = constraint->begin();
    StateId place = automaton->begin();
    std::string text;
    const auto read = [&](TokenId token) {
      state->accept(token);
      text += texts[static_cast<size_t>(token)];
      place = automaton->step(place, texts[static_cast<size_t>(token)]);
    };
    for (int token = 0; token < 30; ++token) {
      const std::vector<TokenId> allowed = tokens_of(state->allowed());
      ASSERT_EQ(allowed, tried(*automaton, place, texts)) << "seed " << seed << ", text " << text;
      if (token == 2) {
        for (const char byte : std::string_view(">.</x>")) read(static_cast<TokenId>(byte) + 1);  // token 0 has no text
      } else {
        const TokenId next = allowed[random() % allowed.size()];
        if (next == 0) break;
        read(next);
      }
    }
  }
}

// Characters, bytes and words that are counted, in texts of their own and within others.
TEST(LargeMasks, of_what_is_counted_are_what_trying_each_token_gives) {
  const std::vector<std::string> texts = large_vocabulary();
  const std::pair<char32_t, char32_t> plain[] = {{0x20, 0x21}, {0x23, 0x5b}, {0x5d, 0x10ffff}};
  const std::pair<char32_t, char32_t> small[] = {{'a', 'z'}};
  using Make = NodeId (*)(Grammar&, NodeId character, NodeId letter);
  const Make makes[] = {
      [](Grammar& grammar, NodeId character, NodeId) {
        return grammar.sequence({grammar.bytes("\""), grammar.repeat(character, 0, 14), grammar.bytes("\"")});
      },
      [](Grammar& grammar, NodeId character, NodeId) {
        return grammar.sequence({grammar.bytes("\""), grammar.repeat(character, 5, 9), grammar.bytes("\":")});
      },
      [](Grammar& grammar, NodeId character, NodeId) { return grammar.repeat(character, 3, 8); },
      [](Grammar& grammar, NodeId, NodeId letter) {
        const NodeId word = grammar.sequence({grammar.repeat(letter, 1, 6), grammar.bytes(" ")});
        return grammar.sequence({grammar.repeat(word, 2, 4), grammar.bytes("\n")});
      },
      [](Grammar& grammar, NodeId character, NodeId letter) {
        return grammar.choice({grammar.sequence({grammar.repeat(letter, 0, 12), grammar.bytes("\"")}),
                               grammar.sequence({grammar.repeat(character, 0, 7), grammar.bytes("\\")})});
      },
      [](Grammar& grammar, NodeId, NodeId) {
        return grammar.sequence(
            {grammar.repeat(grammar.byte_set(ByteSet().set().reset('\n')), 2, 10), grammar.bytes("\n")});
      }};
  for (size_t which = 0; which < std::size(makes); ++which) {
    Grammar grammar;
    const NodeId root = makes[which](grammar, grammar.characters(plain), grammar.characters(small));
    grammar.set_root(root);
    auto automaton = Automaton::compile(grammar);
    const ConstraintPointer constraint = constraint_of(grammar, texts);
    for (uint32_t seed = 0; seed < 6; ++seed) {
      std::mt19937 random(seed);
      const auto state = constraint->begin();
      StateId place = automaton->begin();
      for (int token = 0; token < 20; ++token) {
        const std::vector<TokenId> allowed = tokens_of(state->allowed());
        ASSERT_EQ(allowed, tried(*automaton, place, texts)) << which << ", seed " << seed << ", token " << token;
        TokenId next = allowed[random() % allowed.size()];
        // Short ones, so that every distance from the bounds is met.
        for (int other = 0; other < 20 && texts[static_cast<size_t>(next)].size() > 2; ++other) {
          next = allowed[random() % allowed.size()];
        }
        if (next == 0) break;
        state->accept(next);
        place = automaton->step(place, texts[static_cast<size_t>(next)]);
      }
    }
  }
}

}  // namespace
}  // namespace quire::constraint
