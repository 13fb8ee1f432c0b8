// Answers that a grammar of calls allows are taken apart into calls that keep to their schemas.
#include <gtest/gtest.h>

#include <random>

#include "text/constraint/automaton/automaton.h"
#include "text/constraint/masks/token_trie.h"
#include "text/constraint/schema/schema.h"
#include "text/parts_cases.h"

namespace quire::parts {
namespace {

using constraint::Automaton;
using constraint::Grammar;

Automaton compiled(const Result<Grammar>& grammar) {
  EXPECT_TRUE(grammar) << grammar.error().message;
  auto automaton = Automaton::compile(*grammar);
  EXPECT_TRUE(automaton) << automaton.error().message;
  return std::move(*automaton);
}

const std::vector<ToolSchema>& tools() {
  static const std::vector<ToolSchema> all = {
      {.name = "get_weather", .parameters = R"({"type": "object", "additionalProperties": false, "required": ["city"],
          "properties": {"city": {"type": "string", "maxLength": 5}, "days": {"type": "integer"},
                         "unit": {"enum": ["c", "f"]}, "tags": {"type": "array", "items": {"type": "boolean"}}}})"}};
  return all;
}

const SyntaxRow& row_named(std::string_view name) { return *std::ranges::find(syntax_rows(), name, &SyntaxRow::name); }

// What a walk goes on with: marks of the syntax, and what values are made of.
std::vector<std::string> steps_of(const SyntaxRow& row) {
  std::vector<std::string> steps = {
      "\"", "}",    "]", ")", ",", ", ",          ":",    " ",           "\n",          "a",
      "1",  "true", "{", "[", "c", "get_weather", "city", "<|channel|>", "<|message|>", "<|end|><|start|>assistant"};
  for (const CallForm& form : row.calls) {
    const TaggedCall& tags = form.tagged;
    for (const std::string_view mark :
         {form.opener, form.closer, form.marked.begin, form.marked.end, form.marked.arguments_begin, tags.name_begin,
          tags.key_begin, tags.value_end, tags.value_begin, tags.end}) {
      if (!mark.empty()) steps.emplace_back(mark);
    }
  }
  for (const std::string_view mark : {row.thinking_begin, row.thinking_end}) {
    if (!mark.empty()) steps.emplace_back(mark);
  }
  return steps;
}

// A text of the language, or an empty one after too many steps.
std::string random_text(Automaton& automaton, const std::vector<std::string>& steps, std::mt19937& random) {
  std::string text;
  constraint::StateId state = automaton.begin();
  for (int step = 0; step < 2000; ++step) {
    if (automaton.accepts(state) && random() % 4 == 0) return text;
    std::string more = automaton.forced(state, 64);
    for (int tries = 0; more.empty() && tries < 30; ++tries) {
      const std::string& one = steps[random() % steps.size()];
      if (automaton.step(state, one) != constraint::dead_state) more = one;
    }
    if (more.empty()) {
      const constraint::ByteSet live = automaton.live(state);
      size_t byte = random() % 256;
      for (size_t tries = 0; !live[byte] && tries < 256; ++tries) byte = (byte + 1) % 256;
      if (!live[byte]) return automaton.accepts(state) ? text : std::string{};
      more = static_cast<char>(byte);
    }
    text += more;
    state = automaton.step(state, more);
    if (state == constraint::dead_state) return {};
  }
  return {};
}

TEST(PartsGrammar, each_required_answer_is_calls_that_keep_to_their_schema) {
  Automaton schema = compiled(constraint::schema_grammar(tools().front().parameters));
  std::mt19937 random(3);
  for (const SyntaxRow& row : syntax_rows()) {
    if (row.calls.empty()) continue;
    const Syntax syntax = syntax_named(row.name);
    if (row.name == "minimax-nested") {  // elements inside of elements: refused, not loose
      EXPECT_EQ(syntax.calls_grammar(tools(), true, "", true).error().kind, ErrorKind::unsupported);
      continue;
    }
    const std::string_view prompt_end = row.name == "harmony" ? "<|start|>assistant" : "";
    Automaton automaton = compiled(syntax.calls_grammar(tools(), true, "", true));
    const std::vector<std::string> steps = steps_of(row);
    int walks = 0;
    for (int round = 0; round < 60; ++round) {
      const std::string text = random_text(automaton, steps, random);
      if (text.empty()) continue;
      ++walks;
      size_t calls = 0;
      for (const Part& part : parse(syntax, prompt_end, tools(), {text})) {
        EXPECT_FALSE(std::holds_alternative<Content>(part) && row.name != "harmony") << row.name << ": " << text;
        calls += std::holds_alternative<CallEnded>(part) ? 1 : 0;
        const auto* arguments = std::get_if<CallArguments>(&part);
        if (arguments == nullptr) continue;
        EXPECT_TRUE(row.calls.front().read == read_gemma_calls || schema.matches(arguments->text))
            << row.name << ": " << text << "\n"
            << arguments->text;
      }
      EXPECT_GE(calls, 1U) << row.name << ": " << text;
    }
    EXPECT_GE(walks, 10) << row.name;
  }
}

TEST(PartsGrammar, examples_of_answers_begin_as_the_grammar_has_them) {
  for (const std::string_view name : {"hermes", "qwen-xml", "glm", "mistral", "deepseek", "minimax", "command-r7b"}) {
    Automaton automaton = compiled(syntax_named(name).calls_grammar(case_tools(), false, "", true));
    EXPECT_TRUE(automaton.matches("Just text.")) << name;
    EXPECT_TRUE(automaton.matches("")) << name;
    EXPECT_FALSE(automaton.is_prefix("Text " + std::string(row_named(name).calls.front().opener) + "!")) << name;
  }
}

TEST(PartsGrammar, one_call_is_one_call_and_a_named_tool_is_that_tool) {
  const Syntax hermes = syntax_named("hermes");
  const std::string add = "<tool_call>\n{\"name\": \"add\", \"arguments\": {}}\n</tool_call>";
  const std::string weather =
      "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"x\"}}\n</tool_call>";
  Automaton one = compiled(hermes.calls_grammar(case_tools(), true, "", false));
  EXPECT_TRUE(one.matches(add));
  EXPECT_FALSE(one.is_prefix(add + "\n" + weather));
  EXPECT_FALSE(one.is_prefix("Text"));
  Automaton several = compiled(hermes.calls_grammar(case_tools(), true, "", true));
  EXPECT_TRUE(several.matches(add + "\n" + weather));
  Automaton named = compiled(hermes.calls_grammar(case_tools(), true, "add", true));
  EXPECT_TRUE(named.matches(add));
  EXPECT_FALSE(named.is_prefix(weather));
  EXPECT_FALSE(hermes.calls_grammar(case_tools(), true, "rm", true));
}

TEST(PartsGrammar, what_is_not_strict_is_any_object) {
  std::vector<ToolSchema> loose = tools();
  loose.front().strict = false;
  const std::string text = "{\"name\": \"get_weather\", \"arguments\": {\"any\": [1]}}\n</tool_call>";
  EXPECT_TRUE(compiled(syntax_named("hermes").calls_grammar(loose, true, "", true)).matches("<tool_call>\n" + text));
  EXPECT_FALSE(compiled(syntax_named("hermes").calls_grammar(tools(), true, "", true)).matches("<tool_call>\n" + text));
}

TEST(PartsGrammar, values_of_another_type_than_the_schemas_are_never_written) {
  const std::vector<ToolSchema> tools = {
      {.name = "f", .parameters = R"({"properties": {"a": {"type": "string", "enum": ["x", 3, null]},
                                                     "b": {"type": "string", "const": 5}}})"}};
  Automaton automaton = compiled(syntax_named("glm").calls_grammar(tools, true, "", true));
  const auto call = [](std::string_view key, std::string_view value) {
    return "<tool_call>f<arg_key>" + std::string(key) + "</arg_key><arg_value>" + std::string(value) +
           "</arg_value></tool_call>";
  };
  EXPECT_TRUE(automaton.matches(call("a", "x")));
  EXPECT_FALSE(automaton.is_prefix(call("a", "3")));
  EXPECT_FALSE(automaton.is_prefix(call("b", "5")));
}

TEST(PartsGrammar, bare_texts_keep_to_what_their_schema_refers_to_and_lists) {
  const std::vector<ToolSchema> tools = {{.name = "f", .parameters = R"({"$defs": {"color": {"enum": ["red", "blue"]}},
      "properties": {"color": {"$ref": "#/$defs/color"}, "wrapped": {"allOf": [{"$ref": "#/$defs/color"}]},
                     "maybe": {"anyOf": [{"$ref": "#/$defs/color"}, {"type": "null"}]},
                     "both": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/color"}}, {"const": "all"}]},
                     "any": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}})"}};
  Automaton automaton = compiled(syntax_named("glm").calls_grammar(tools, true, "", true));
  const auto allows = [&](std::string_view key, std::string_view value) {
    return automaton.matches("<tool_call>f<arg_key>" + std::string(key) + "</arg_key><arg_value>" + std::string(value) +
                             "</arg_value></tool_call>");
  };
  for (const std::string_view key : {"color", "wrapped", "maybe"}) {
    EXPECT_TRUE(allows(key, "red")) << key;
    EXPECT_FALSE(allows(key, "green")) << key;
  }
  EXPECT_TRUE(allows("maybe", "null"));
  EXPECT_FALSE(allows("color", "null"));
  EXPECT_TRUE(allows("both", "[\"blue\"]") && allows("both", "all"));
  EXPECT_FALSE(allows("both", "[\"green\"]") || allows("both", "none"));
  EXPECT_TRUE(allows("any", "7") && allows("any", "seven"));
}

TEST(PartsGrammar, parameters_that_all_refer_to_much_are_refused) {
  std::string parameters = R"({"$defs": {"a": {"description": ")" + std::string(size_t{1} << 18, 'x') + R"("}})";
  parameters += R"(, "properties": {"x": {})";
  for (int i = 0; i < 80; ++i) parameters += ", \"" + std::to_string(i) + R"(": {"$ref": "#/$defs/a"})";
  const std::vector<ToolSchema> tools = {{.name = "f", .parameters = parameters + "}}", .strict = false}};
  for (const std::string_view name : {"glm", "lfm", "gemma"}) {
    const auto grammar = syntax_named(name).calls_grammar(tools, true, "", true);
    ASSERT_FALSE(grammar) << name;
    EXPECT_EQ(grammar.error().kind, ErrorKind::too_large);
    EXPECT_EQ(grammar.error().message,
              "the parameters of the tools have more than 16777216 bytes with what each of them refers to");
  }
}

TEST(PartsGrammar, text_of_a_shape_comes_behind_thinking_and_behind_its_header) {
  Grammar shape;
  shape.set_root(shape.bytes("{}"));
  const auto automaton = [&](std::string_view name, bool thinks, std::span<const std::string> control = {}) {
    return compiled(syntax_named(name).text_grammar(shape, control, thinks));
  };
  Automaton thinking = automaton("hermes-thinking", true);
  EXPECT_TRUE(thinking.matches("{}"));
  EXPECT_TRUE(thinking.matches("<think>\na</think>\n\n{}"));
  EXPECT_FALSE(thinking.is_prefix("<think>a</think>a"));
  EXPECT_FALSE(automaton("hermes-thinking", false).is_prefix("<"));
  EXPECT_FALSE(automaton("hermes", true).is_prefix("<"));

  const std::string thought = "<|channel|>analysis<|message|>a<|end|><|start|>assistant";
  for (const std::string_view header :
       {"<|channel|>final<|message|>", "<|channel|>final <|constrain|>json<|message|>"}) {
    const std::string text = thought + std::string(header) + "{}";
    EXPECT_TRUE(automaton("harmony", true).matches(text));
    EXPECT_FALSE(automaton("harmony", false).is_prefix(thought));
    EXPECT_TRUE(automaton("harmony", false).matches(text.substr(thought.size())));
    EXPECT_EQ(shown(parse(syntax_named("harmony"), "<|start|>assistant", {}, {text})), "thinking a\ncontent {}\n");
  }
  const std::vector<std::string> control = {"<|channel|>", "<|message|>"};
  EXPECT_TRUE(automaton("harmony", true, control).is_prefix(constraint::control_text("<|channel|>") + "analysis"));
}

TEST(PartsGrammar, control_tokens_are_spelled_as_such) {
  const std::vector<std::string> control = {"[TOOL_CALLS]", "[ARGS]"};
  Automaton automaton = compiled(syntax_named("mistral").calls_grammar(case_tools(), true, "add", true, control));
  EXPECT_FALSE(automaton.is_prefix("[TOOL"));
  EXPECT_TRUE(
      automaton.matches(constraint::control_text("[TOOL_CALLS]") + "add" + constraint::control_text("[ARGS]") + "{}"));
}

}  // namespace
}  // namespace quire::parts
