#include <gtest/gtest.h>

#include "text/constraint/automaton.h"

namespace quire::constraint {
namespace {

Automaton compiled(const Grammar& grammar) {
  auto automaton = Automaton::compile(grammar);
  EXPECT_TRUE(automaton.has_value()) << automaton.error().message;
  return std::move(*automaton);
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
}

TEST(ConstraintAutomaton, rounds_of_a_large_repetition_are_counted) {
  Grammar grammar;
  const NodeId pair = grammar.bytes("ab");
  grammar.set_root(grammar.sequence({grammar.repeat(pair, 1000, 1'000'000), grammar.bytes(".")}));
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

}  // namespace
}  // namespace quire::constraint
