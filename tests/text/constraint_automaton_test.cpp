#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/shortest_end.h"
#include "text/constraint/automaton/automaton.h"
#include "text/constraint/grammar/free_text.h"
#include "text/constraint_fixture.h"

namespace quire::constraint {
namespace {

using test::PlainMatcher;

Automaton compiled(const Grammar& grammar) {
  auto automaton = Automaton::compile(grammar);
  EXPECT_TRUE(automaton.has_value()) << automaton.error().message;
  return std::move(*automaton);
}

TEST(ConstraintAutomaton, random_grammars_have_the_texts_that_a_plain_matcher_finds) {
  const std::vector<std::string> texts = test::all_texts("abc", 4);
  int compiled_count = 0;
  for (uint32_t seed = 0; seed < 400; ++seed) {
    const Grammar grammar = test::random_grammar(seed);
    auto automaton = Automaton::compile(grammar);
    if (!automaton) continue;  // begins with itself, or has no text
    ++compiled_count;
    for (const std::string& text : texts) {
      const PlainMatcher plain(grammar, text);
      ASSERT_EQ(automaton->matches(text), plain.matches()) << "seed " << seed << ", text " << text;
      ASSERT_EQ(automaton->is_prefix(text), plain.is_prefix()) << "seed " << seed << ", text " << text;
    }
  }
  EXPECT_GT(compiled_count, 130);
}

TEST(ConstraintAutomaton, long_walks_through_random_grammars_stay_with_the_plain_matcher) {
  for (uint32_t seed = 1000; seed < 1150; ++seed) {
    const Grammar grammar = test::random_grammar(seed);
    auto automaton = Automaton::compile(grammar);
    if (!automaton) continue;
    std::mt19937 random(seed);
    std::string text;
    // Not longer: some of them are more ambiguous than an automaton bears.
    for (StateId state = automaton->begin(); text.size() < 28;) {
      const ByteSet live = automaton->live(state);
      const PlainMatcher plain(grammar, text);
      ASSERT_EQ(automaton->accepts(state), plain.matches()) << "seed " << seed << ", text " << text;
      for (const char byte : {'a', 'b', 'c'}) {
        const std::string longer = text + byte;
        ASSERT_EQ(live.test(static_cast<uint8_t>(byte)), PlainMatcher(grammar, longer).is_prefix())
            << "seed " << seed << ", text " << longer;
      }
      ASSERT_TRUE(automaton->accepts(state) || live.any()) << "a dead end";
      if (live.none()) break;
      do {
        text.push_back(static_cast<char>('a' + random() % 3));
        if (live.test(static_cast<uint8_t>(text.back()))) break;
        text.pop_back();
      } while (true);
      state = automaton->step(state, static_cast<uint8_t>(text.back()));
    }
  }
}

TEST(ConstraintAutomaton, shortest_ends_of_random_grammars_are_complete_and_none_is_shorter) {
  const std::vector<std::string> texts = test::all_texts("abc", 3);
  size_t long_count = 0, beyond_count = 0;
  for (uint32_t seed = 2000; seed < 2400; ++seed) {
    auto automaton = Automaton::compile(test::random_grammar(seed));
    if (!automaton) continue;
    quire::test::ShortestEnds ends(*automaton);
    for (const std::string& text : texts) {
      const StateId state = automaton->step(automaton->begin(), text);
      const auto end = ends.end_of(state, 1000);
      if (!end) {
        beyond_count += state != dead_state ? 1 : 0;
        continue;
      }
      long_count += end->size() > 8 ? 1 : 0;
      ASSERT_TRUE(automaton->matches(text + *end)) << "seed " << seed << ", text " << text << ", end " << *end;
      // All that can be read in as many bytes less one.
      std::set<StateId> reached{state};
      for (size_t bytes = 0; bytes < end->size() && reached.size() < 2000; ++bytes) {
        std::set<StateId> next;
        for (const StateId one : reached) {
          ASSERT_FALSE(automaton->accepts(one)) << "seed " << seed << ", text " << text << ", bytes " << bytes;
          for (const uint8_t byte : {'a', 'b', 'c'}) next.insert(automaton->step(one, byte));
        }
        next.erase(dead_state);
        reached = std::move(next);
      }
    }
  }
  EXPECT_GT(long_count, 100);
  EXPECT_LT(beyond_count, 10) << "more ambiguous than an automaton bears: seed 2260 is";
}

TEST(ConstraintAutomaton, rules_that_nest_are_matched_to_any_depth) {
  Grammar grammar;
  const RuleId list = grammar.declare("list");
  const NodeId item = grammar.choice({grammar.bytes("x"), grammar.refer(list)});
  grammar.define(list, grammar.sequence({grammar.bytes("["), grammar.repeat(item, 0), grammar.bytes("]")}));
  grammar.set_root(grammar.refer(list));
  Automaton automaton = compiled(grammar);
  EXPECT_TRUE(automaton.matches("[x[x]xx[[[]]]]"));
  EXPECT_FALSE(automaton.matches("[x[x]xx[[[]]]"));
  EXPECT_TRUE(automaton.is_prefix("[x[x]xx[[[]]]"));
  EXPECT_FALSE(automaton.is_prefix("[]]"));
  EXPECT_TRUE(automaton.is_prefix(std::string(stack_frames_max, '[')));
  EXPECT_FALSE(automaton.is_prefix(std::string(stack_frames_max + 2, '['))) << "deeper than stacks may be";
}

TEST(ConstraintAutomaton, a_call_at_the_end_of_a_rule_puts_nothing_on_the_stack) {
  Grammar grammar;
  const RuleId letters = grammar.declare("letters");
  grammar.define(letters,
                 grammar.choice({grammar.nothing(), grammar.sequence({grammar.bytes("a"), grammar.refer(letters)})}));
  grammar.set_root(grammar.refer(letters));
  Automaton automaton = compiled(grammar);
  EXPECT_TRUE(automaton.matches(std::string(10'000, 'a')));
  EXPECT_LT(automaton.state_count(), 5u);
}

TEST(ConstraintAutomaton, a_rule_that_is_another_one_may_come_back_to_itself) {
  Grammar grammar;
  const RuleId one = grammar.declare("one"), two = grammar.declare("two");
  grammar.define(one, grammar.choice({grammar.refer(two), grammar.bytes("x")}));
  grammar.define(two, grammar.choice({grammar.refer(one), grammar.bytes("y")}));
  grammar.set_root(grammar.refer(one));
  Automaton automaton = compiled(grammar);
  EXPECT_TRUE(automaton.matches("x"));
  EXPECT_TRUE(automaton.matches("y"));
  EXPECT_FALSE(automaton.matches("xy"));
}

TEST(ConstraintAutomaton, rounds_of_a_large_repetition_are_counted) {
  Grammar grammar;
  grammar.set_root(grammar.sequence({grammar.repeat(grammar.bytes("ab"), 1000, 1'000'000), grammar.bytes(".")}));
  Automaton automaton = compiled(grammar);
  std::string text;
  for (int round = 0; round < 999; ++round) text += "ab";
  EXPECT_FALSE(automaton.is_prefix(text + "."));
  EXPECT_TRUE(automaton.matches(text + "ab."));
  EXPECT_LT(automaton.program().instructions.size(), 20u);
}

TEST(ConstraintAutomaton, a_rule_that_begins_with_itself_is_refused_by_name) {
  Grammar grammar;
  const RuleId sum = grammar.declare("sum");
  const NodeId space = grammar.repeat(grammar.bytes(" "), 0);
  grammar.define(
      sum, grammar.choice({grammar.bytes("1"), grammar.sequence({space, grammar.refer(sum), grammar.bytes("+")})}));
  grammar.set_root(grammar.refer(sum));
  const auto refused = Automaton::compile(grammar);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unsupported);
  EXPECT_NE(refused.error().message.find("'sum'"), std::string::npos) << refused.error().message;
}

TEST(ConstraintAutomaton, ways_that_can_never_be_completed_are_not_begun) {
  Grammar grammar;
  const RuleId endless = grammar.declare("endless");
  grammar.define(endless, grammar.sequence({grammar.bytes("a"), grammar.refer(endless)}));
  const NodeId lost = grammar.sequence({grammar.bytes("b"), grammar.never()});
  grammar.set_root(grammar.choice({grammar.refer(endless), lost, grammar.bytes("ok")}));
  Automaton automaton = compiled(grammar);
  EXPECT_FALSE(automaton.is_prefix("a"));
  EXPECT_FALSE(automaton.is_prefix("b"));
  EXPECT_TRUE(automaton.matches("ok"));
  EXPECT_EQ(automaton.forced(automaton.begin(), 10), "ok");
  ByteSet without_k = ByteSet().set();
  without_k.reset('k');
  EXPECT_EQ(Automaton::compile(grammar, without_k).error().kind, ErrorKind::unsupported) << "nothing spells a k";
}

TEST(ConstraintAutomaton, what_is_not_defined_is_named) {
  Grammar grammar;
  EXPECT_FALSE(grammar.check());
  grammar.set_root(grammar.refer(grammar.declare("missing")));
  const auto refused = Automaton::compile(grammar);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("'missing'"), std::string::npos);
}

// Decodes by arithmetic alone, so that it shares nothing with how the ranges are split.
std::string utf8(uint32_t code) {
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
  if (code < 0x10000) {
    return {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
            static_cast<char>(0x80 | (code & 63))};
  }
  return {static_cast<char>(0xf0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 63)),
          static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
}

TEST(ConstraintAutomaton, every_code_point_is_in_exactly_the_ranges_that_have_it) {
  std::mt19937 random(3);
  for (int round = 0; round < 4; ++round) {
    std::vector<std::pair<char32_t, char32_t>> ranges;
    std::vector<bool> in(0x110000);
    for (int count = round == 0 ? 0 : 12; count >= 0; --count) {
      const auto first = static_cast<char32_t>(random() % (count % 3 == 0 ? 0x110000 : 0x3000));
      const auto last =
          static_cast<char32_t>(std::min<size_t>(0x10ffff, first + random() % (count % 2 == 0 ? 0x10000 : 40)));
      ranges.emplace_back(first, last);
      std::fill(in.begin() + first, in.begin() + last + 1, true);
    }
    Grammar grammar;
    grammar.set_root(grammar.characters(ranges));
    Automaton automaton = compiled(grammar);
    for (uint32_t code = 0; code < 0x110000; ++code) {
      const bool surrogate = code >= 0xd800 && code < 0xe000;
      ASSERT_EQ(automaton.matches(utf8(code)), in[code] && !surrogate) << code;
    }
    EXPECT_FALSE(automaton.is_prefix("\xc0"));
    EXPECT_FALSE(automaton.is_prefix("\xff"));
  }
}

TEST(ConstraintAutomaton, free_text_has_none_of_the_texts_that_end_it) {
  const std::vector<std::string> ends = {"aba", "bb", "caab"};
  Grammar grammar;
  grammar.set_root(*free_until(grammar, ends));
  Automaton automaton = compiled(grammar);
  for (const std::string& text : test::all_texts("abc", 7)) {
    const bool has =
        std::any_of(ends.begin(), ends.end(), [&](const auto& end) { return text.find(end) != std::string::npos; });
    ASSERT_EQ(automaton.matches(text), !has) << text;
  }
  EXPECT_EQ(free_until(grammar, std::vector<std::string>{"a", ""}).error().kind, ErrorKind::invalid);
  EXPECT_EQ(free_until(grammar, std::vector<std::string>{std::string(5000, 'a')}).error().kind, ErrorKind::too_large);
}

TEST(ConstraintAutomaton, hostile_grammars_end_with_an_error_or_soon) {
  Grammar ambiguous;  // every length in many ways
  ambiguous.set_root(ambiguous.repeat(
      ambiguous.choice({ambiguous.bytes("a"), ambiguous.bytes("aa"), ambiguous.bytes("aaa")}), 100, 200));
  EXPECT_TRUE(compiled(ambiguous).matches(std::string(300, 'a')));

  Grammar nested;  // 10 ** 30 letters
  NodeId many = nested.bytes("a");
  for (int depth = 0; depth < 10; ++depth) many = nested.repeat(many, 1000, 1000);
  nested.set_root(many);
  EXPECT_TRUE(compiled(nested).is_prefix(std::string(1000, 'a')));

  Grammar empty_rounds;
  NodeId maybe = empty_rounds.repeat(empty_rounds.bytes("a"), 0, 1);
  empty_rounds.set_root(empty_rounds.repeat(maybe, 0, 1'000'000));
  EXPECT_EQ(Automaton::compile(empty_rounds).error().kind, ErrorKind::too_large);

  Grammar deep;  // deeper than any stack of a thread
  NodeId inner = deep.bytes("x");
  for (int depth = 0; depth < 200'000; ++depth)
    inner = deep.choice({deep.sequence({deep.bytes("("), inner}), deep.bytes("yy")});
  deep.set_root(inner);
  const auto automaton = Automaton::compile(deep);
  EXPECT_TRUE(automaton || automaton.error().kind == ErrorKind::too_large);

  Grammar large;
  large.set_root(large.bytes(std::string(program_positions_max + 1, 'x')));
  EXPECT_EQ(Automaton::compile(large).error().kind, ErrorKind::too_large);
}

}  // namespace
}  // namespace quire::constraint
