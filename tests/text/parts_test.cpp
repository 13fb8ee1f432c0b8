// What models say, taken apart: each syntax, and what all of them have in common.
#include <gtest/gtest.h>

#include "text/parts/syntax_table.h"
#include "text/parts_cases.h"

namespace quire::parts {
namespace {

std::string told(std::string_view syntax, std::string_view text, std::string_view prompt_end = "") {
  return shown(parse(syntax_named(syntax), prompt_end, case_tools(), {text}));
}

TEST(Parts, each_syntax_is_taken_apart) {
  for (const AnswerCase& one : answer_cases()) {
    EXPECT_EQ(shown(parse(syntax_named(one.syntax), one.prompt_end, case_tools(), {one.text})), one.shown)
        << one.syntax << ": " << one.text;
  }
}

TEST(Parts, each_syntax_has_an_example) {
  for (const SyntaxRow& row : syntax_rows()) {
    const bool found = std::ranges::any_of(answer_cases(), [&](const auto& one) { return one.syntax == row.name; });
    EXPECT_TRUE(found) << row.name;
  }
}

TEST(Parts, no_mark_begins_with_another_one) {
  for (const SyntaxRow& row : syntax_rows()) {
    std::vector<std::string_view> marks = {row.thinking_begin, row.thinking_end};
    for (const CallForm& form : row.calls) marks.push_back(form.opener);
    for (const std::string_view mark : row.dropped.all()) marks.push_back(mark);
    std::erase(marks, std::string_view{});
    for (size_t a = 0; a < marks.size(); ++a) {
      for (size_t b = 0; b < marks.size(); ++b) EXPECT_FALSE(a != b && marks[a].starts_with(marks[b])) << row.name;
    }
  }
}

TEST(Parts, unknown_call_is_text) {
  for (const std::string_view text :
       {"a <tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call> b", "<tool_call>",
        "<tool_call>\n{\"name\": \"ad", "<tool_call>\n<tool_call>\n{\"nam\": 1}", "x <tool_ca"}) {
    EXPECT_EQ(told("hermes", text), "content " + std::string(text) + "\n");
  }
}

TEST(Parts, call_is_found_behind_a_broken_one) {
  EXPECT_EQ(told("hermes", "<tool_call>\n<tool_call>{\"name\": \"add\"}</tool_call>"),
            "content <tool_call>\ncall 0 add\narguments {}\nend 0\n");
}

TEST(Parts, call_that_breaks_ends_there) {
  EXPECT_EQ(told("hermes", "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1]}}</tool_call>"),
            "call 0 add\narguments {\"a\": 1\nend 0\ncontent ]}}</tool_call>\n");
}

TEST(Parts, call_that_the_answers_end_cuts_has_ended) {
  EXPECT_EQ(told("hermes", "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1"),
            "call 0 add\narguments {\"a\": 1\nend 0\n");
  EXPECT_EQ(told("qwen-xml", "<tool_call><function=get_weather><parameter=city>\nPar"),
            "call 0 get_weather\narguments {\"city\":\"Par\nend 0\n");
  EXPECT_EQ(told("harmony", "<|channel|>commentary to=functions.add<|message|>{\"a\"", "<|start|>assistant"),
            "call 0 add\narguments {\"a\"\nend 0\n");
}

TEST(Parts, what_ends_a_call_is_text_in_a_string_of_its_arguments) {
  const std::string call = "<|channel|>commentary to=functions.add<|message|>";
  EXPECT_EQ(told("harmony", call + R"({"a": "say \"<|call|>\" \\"}<|call|>)", "<|start|>assistant"),
            "call 0 add\narguments {\"a\": \"say \\\"<|call|>\\\" \\\\\"}\nend 0\n");
  EXPECT_EQ(told("harmony", call + R"(say "a<|call|>)", "<|start|>assistant"), "call 0 add\narguments say \"a\nend 0\n")
      << "what is no JSON has no strings";
}

TEST(Parts, arguments_of_a_call_that_the_prompt_began_are_content) {
  EXPECT_EQ(told("harmony", "1}", "<|start|>assistant<|channel|>commentary to=functions.add<|message|>{\"a\": "),
            "content 1}\n");
}

TEST(Parts, without_tools_there_are_no_calls) {
  const std::string_view text = "<think>t</think>c <tool_call>{\"name\": \"add\"}</tool_call>";
  EXPECT_EQ(shown(parse(syntax_named("hermes-thinking"), "", {}, {text})),
            "thinking t\ncontent c <tool_call>{\"name\": \"add\"}</tool_call>\n");
}

TEST(Parts, arguments_stream_as_they_come) {
  const auto parser = syntax_named("qwen-xml").make_parser("", case_tools());
  std::vector<Part> parts;
  parser->push("<tool_call>\n<function=get_weather>\n<parameter=city>\nNew Yo", parts);
  EXPECT_EQ(shown(parts), "call 0 get_weather\narguments {\"city\":\"New Yo\n");
}

TEST(Parts, text_that_is_certainly_no_call_streams_at_once) {
  const auto parser = syntax_named("hermes").make_parser("", case_tools());
  std::vector<Part> parts;
  parser->push("a < b <tool", parts);
  EXPECT_EQ(shown(parts), "content a < b\n");
  parser->push("bar>", parts);
  EXPECT_EQ(shown(joined(parts)), "content a < b <toolbar>\n");
}

TEST(Parts, marks_of_a_syntax_are_named) {
  const std::vector<std::string> markers = syntax_named("mistral").markers();
  EXPECT_NE(std::ranges::find(markers, "[TOOL_CALLS]"), markers.end());
  EXPECT_NE(std::ranges::find(markers, "[ARGS]"), markers.end());
}

TEST(Parts, syntax_is_that_of_the_template_else_of_the_parsers_name) {
  EXPECT_EQ(Syntax::of("{{ '<tool_call>' }}", "harmony").name(), "hermes");
  EXPECT_EQ(Syntax::of("{{ messages }}", "harmony").name(), "harmony");
  EXPECT_EQ(Syntax::of("{{ messages }}", "qwen3-coder").name(), "qwen-xml");
  const Syntax none = Syntax::of("{{ messages }}", "");
  EXPECT_FALSE(none.has_thinking() || none.has_calls());
  EXPECT_EQ(shown(parse(none, "", case_tools(), {"a <think> ", "b"})), "content a <think> b\n");
}

}  // namespace
}  // namespace quire::parts
