// The parts of an answer do not depend on how it was cut, and no text is lost.
#include <gtest/gtest.h>

#include <random>

#include "text/parts/syntax_table.h"
#include "text/parts_cases.h"

namespace quire::parts {
namespace {

std::string told(const Syntax& syntax, std::string_view prompt_end, const std::vector<std::string_view>& pieces) {
  return shown(parse(syntax, prompt_end, case_tools(), pieces));
}

// Cut into pieces of random lengths, empty ones too.
std::vector<std::string_view> random_pieces(std::string_view text, std::mt19937& random) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const size_t size = std::min<size_t>(random() % 12, text.size());
    pieces.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return pieces;
}

TEST(PartsCuts, every_way_to_cut_an_answer_gives_the_same_parts) {
  std::mt19937 random(7);
  for (const AnswerCase& one : answer_cases()) {
    const Syntax syntax = syntax_named(one.syntax);
    const std::string whole = told(syntax, one.prompt_end, {one.text});
    std::vector<std::string_view> bytes;
    for (size_t at = 0; at < one.text.size(); ++at) {
      bytes.push_back(one.text.substr(at, 1));
      ASSERT_EQ(told(syntax, one.prompt_end, {one.text.substr(0, at), one.text.substr(at)}), whole) << at;
    }
    EXPECT_EQ(told(syntax, one.prompt_end, bytes), whole);
    for (int round = 0; round < 50; ++round) {
      EXPECT_EQ(told(syntax, one.prompt_end, random_pieces(one.text, random)), whole) << one.text;
    }
  }
}

// Answers of other syntaxes, and with bytes changed, are some parts of this one, whatever they are.
TEST(PartsCuts, broken_answers_give_the_same_parts_however_they_are_cut) {
  std::mt19937 random(11);
  for (const SyntaxRow& row : syntax_rows()) {
    const Syntax syntax = syntax_named(row.name);
    for (const AnswerCase& one : answer_cases()) {
      if (one.syntax != row.name && random() % 8 != 0) continue;
      for (int round = 0; round < 40; ++round) {
        std::string text(one.text);
        for (size_t change = random() % 4; change > 0; --change) {
          const size_t at = random() % text.size();
          const size_t from = random() % text.size();
          const size_t length = std::min<size_t>(random() % 20, text.size() - from);
          if (random() % 3 == 0) {
            text.erase(at, 1 + random() % 3);
          } else {
            text.insert(at, text.substr(from, length));
          }
          if (text.empty()) text = "x";
        }
        const std::string whole = told(syntax, one.prompt_end, {text});
        ASSERT_EQ(told(syntax, one.prompt_end, random_pieces(text, random)), whole) << row.name << ": " << text;
      }
    }
  }
}

std::string without_white(std::string_view text) {
  std::string rest;
  for (const char byte : text) {
    if (byte != ' ' && byte != '\n' && byte != '\t' && byte != '\r') rest += byte;
  }
  return rest;
}

// With tools that no answer names, everything but the marks of thinking and what is dropped is text.
TEST(PartsCuts, no_text_is_lost_where_nothing_is_a_call) {
  const std::vector<ToolSchema> others = {{.name = "other"}};
  for (const AnswerCase& one : answer_cases()) {
    if (one.syntax == "harmony") continue;  // headers of messages are no text
    const Syntax syntax = syntax_named(one.syntax);
    std::string given;
    for (const Part& part : parse(syntax, "", others, {one.text})) {
      if (const auto* content = std::get_if<Content>(&part)) given += content->text;
      if (const auto* thinking = std::get_if<Thinking>(&part)) given += thinking->text;
      EXPECT_FALSE(std::holds_alternative<CallBegun>(part)) << one.text;
    }
    std::string text(one.text);
    const auto& row = *std::ranges::find(syntax_rows(), one.syntax, &SyntaxRow::name);
    const auto remove = [](std::string& from, std::string_view mark) {
      if (mark.empty()) return;
      for (size_t at = from.find(mark); at != std::string::npos; at = from.find(mark)) from.erase(at, mark.size());
    };
    for (std::string* side : {&text, &given}) {
      remove(*side, row.thinking_begin);
      remove(*side, row.thinking_end);
      for (const std::string_view mark : row.dropped.all()) remove(*side, mark);
    }
    EXPECT_EQ(without_white(given), without_white(text)) << one.syntax;
  }
}

// A megabyte that looks like calls all the time takes time that grows with its length alone.
TEST(PartsCuts, hostile_answers_take_linear_time) {
  for (const SyntaxRow& row : syntax_rows()) {
    for (const CallForm& form : row.calls) {
      std::string text;
      while (text.size() < (size_t{1} << 17)) text += std::string(form.opener) + "{\"arguments\": [";
      const auto parts = parse(syntax_named(row.name), "", case_tools(), {text});
      EXPECT_LE(parts.size(), 4U) << row.name;
    }
  }
}

// Each of many parameters refers to many alternatives, each of which refers to them again.
TEST(PartsCuts, hostile_schema_takes_time_that_grows_with_its_length) {
  std::string parameters = R"({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"})";
  for (int i = 0; i < 20'000; ++i) parameters += R"(, {"$ref": "#/$defs/a"})";
  parameters += R"(]}}, "properties": {"x": {})";
  for (int i = 0; i < 2'000; ++i) parameters += ", \"" + std::to_string(i) + R"(": {"$ref": "#/$defs/a"})";
  const std::vector<ToolSchema> tools = {{.name = "f", .parameters = parameters + "}}"}};
  EXPECT_EQ(shown(parse(syntax_named("glm"), "", tools,
                        {"<tool_call>f<arg_key>7</arg_key><arg_value>1</arg_value></tool_call>"})),
            "call 0 f\narguments {\"7\":1}\nend 0\n");
}

}  // namespace
}  // namespace quire::parts
