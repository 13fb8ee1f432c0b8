// Each kind of constraint that a request can name becomes a grammar of the texts that it means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/constraint/automaton/automaton.h"
#include "text/constraint/front_end.h"

namespace quire::constraint {
namespace {

using testing::HasSubstr;

void expect_answers(const Spec& spec, const std::vector<std::string>& texts, const std::vector<std::string>& others) {
  const auto grammar = grammar_of(spec);
  ASSERT_TRUE(grammar) << grammar.error().message;
  auto automaton = Automaton::compile(*grammar);
  ASSERT_TRUE(automaton) << automaton.error().message;
  for (const std::string& text : texts) EXPECT_TRUE(automaton->matches(text)) << text;
  for (const std::string& text : others) EXPECT_FALSE(automaton->matches(text)) << text;
}

TEST(ConstraintFrontEnd, any_json_and_any_object_are_told_apart) {
  const std::vector<std::string> objects = {"{}", R"({"a": [1, {"b": "\u00e9\n"}], "c": -0.5e+3})",
                                            "{\n  \"a\": null\n}"};
  const std::vector<std::string> values = {"[]", "\"a\"", "0", "-1.5", "true", "null", R"([{"a": []}])"};
  const std::vector<std::string> none = {"",    "{",      "{]",   "01",         "1.",      "'a'",
                                         "nul", "\"\n\"", "[1,]", R"({"a" 1})", "\"\xFF\""};
  expect_answers({.kind = Kind::json}, objects, none);
  expect_answers({.kind = Kind::json}, values, none);
  expect_answers({.kind = Kind::json_object}, objects, none);
  expect_answers({.kind = Kind::json_object}, objects, values);
}

TEST(ConstraintFrontEnd, a_schema_a_pattern_choices_and_a_grammar_say_what_they_mean) {
  expect_answers({.kind = Kind::json_schema, .text = R"({"type": "boolean"})"}, {"true", "false"}, {"null", "1"});
  expect_answers({.kind = Kind::regex, .text = "[a-c]{2,3}|\\d+"}, {"ab", "abc", "17"}, {"a", "abcd", "a1", "17a"});
  expect_answers({.kind = Kind::choice, .choices = {"yes", "no", "yesterday", "n\xC3\xA9", "", "no"}},
                 {"yes", "no", "yesterday", "n\xC3\xA9", ""}, {"y", "yest", "none", "n\xC3"});
  expect_answers({.kind = Kind::gbnf, .text = "root ::= \"a\" root | \"b\""}, {"b", "aab"}, {"a", ""});
}

TEST(ConstraintFrontEnd, what_cannot_be_is_said) {
  const std::pair<Spec, const char*> wrong[] = {
      {{.kind = Kind::choice}, "no choices to choose from"},
      {{.kind = Kind::choice, .choices = {"a", "\xFF"}}, "not valid UTF-8"},
      {{.kind = Kind::regex, .text = "a$b"}, "no text matches the pattern"},
      {{.kind = Kind::regex, .text = "(a"}, "'(' without its ')', at character 1 of the pattern"},
      {{.kind = Kind::gbnf, .text = "root ::= a"}, "the rule 'a' is not defined"},
      {{.kind = Kind::json_schema, .text = "{"}, ""},
  };
  for (const auto& [spec, message] : wrong) {
    const auto grammar = grammar_of(spec);
    ASSERT_FALSE(grammar) << message;
    EXPECT_THAT(grammar.error().message, HasSubstr(message));
  }
}

TEST(ConstraintFrontEnd, many_choices_share_their_ends) {
  std::vector<std::string> choices;
  for (int number = 0; number < 100'000; ++number) choices.push_back("item-" + std::to_string(number) + "-of-many");
  expect_answers({.kind = Kind::choice, .choices = choices}, {"item-0-of-many", "item-99999-of-many"},
                 {"item-100000-of-many", "item--of-many", "item-1"});
}

}  // namespace
}  // namespace quire::constraint
