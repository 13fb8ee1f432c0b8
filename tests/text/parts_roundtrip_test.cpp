// What a model's own template writes for an answer with calls is taken apart into the same calls.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "test_data.h"
#include "text/chat_template.h"
#include "text/constraint/automaton/automaton.h"
#include "text/parts_cases.h"

namespace quire::parts {
namespace {

using nlohmann::ordered_json;

// Texts that mean something to JSON, Python and tags. No white space at the ends: most templates trim it.
ordered_json arguments_of(int call) {
  if (call == 1) return ordered_json::object({{"a", 2}});
  return ordered_json::object({{"city", "New\n \"York\" 'x' {[<b>&\\n"}, {"days", 3}, {"tags", {"a", "b\"c"}}});
}

// The types of case_tools, as plainly as old templates need them.
ordered_json parameters_json() {
  return ordered_json::parse(R"({"type": "object", "required": ["city"], "properties": {
      "city": {"type": "string", "description": "c"}, "days": {"type": "integer", "description": "d"},
      "tags": {"type": "array", "items": {"type": "string"}, "description": "t"}}})");
}

ordered_json tools_json() {
  ordered_json list = ordered_json::array();
  for (const ToolSchema& tool : case_tools()) {
    const ordered_json parameters = tool.parameters.empty()
                                        ? ordered_json::parse(R"({"type": "object", "properties": {}, "required": []})")
                                        : parameters_json();
    list.push_back(
        {{"type", "function"}, {"function", {{"name", tool.name}, {"description", "d"}, {"parameters", parameters}}}});
  }
  return list;
}

ordered_json answer_message(int calls, const ordered_json& content) {
  ordered_json list = ordered_json::array();
  for (int call = 0; call < calls; ++call) {
    list.push_back({{"id", "abcdefgh" + std::to_string(call)},
                    {"type", "function"},
                    {"function", {{"name", call == 0 ? "get_weather" : "add"}, {"arguments", arguments_of(call)}}}});
  }
  return {{"role", "assistant"}, {"content", content}, {"reasoning_content", "I look."}, {"tool_calls", list}};
}

// Prompt and answer of a conversation with `calls` calls; empty where the template has no such thing.
struct Rendered {
  std::string prompt, answer;
};
Rendered rendered(const ChatTemplate& chat_template, int calls, const ordered_json& content) {
  ChatTemplateInput input = {.tools = tools_json()};
  input.extra = {{"functions", "[]"}, {"datetime", "now"}};
  input.messages.push_back({{"role", "user"}, {"content", "What now?"}});
  const auto asked = chat_template.render(input);
  input.messages.push_back(answer_message(calls, content));
  input.add_generation_prompt = false;
  const auto answered = chat_template.render(input);
  if (!asked || !answered) return {};
  const std::string& whole = answered->text;
  const std::string& prompt = asked->text;
  const auto [end, behind] = std::mismatch(prompt.begin(), prompt.end(), whole.begin(), whole.end());
  auto same = static_cast<size_t>(end - prompt.begin());
  // Not within a mark, where the prompt goes on in another way than the answer.
  while (same < prompt.size() && same > 0 && !std::string_view(">\n]").contains(whole[same - 1])) --same;
  return {.prompt = whole.substr(0, same), .answer = whole.substr(same)};
}

struct Call {
  std::string name;
  ordered_json arguments;
};
std::vector<Call> calls_of(const std::vector<Part>& parts) {
  std::vector<Call> calls;
  for (const Part& part : parts) {
    if (const auto* begun = std::get_if<CallBegun>(&part)) calls.push_back({.name = begun->name});
    if (const auto* more = std::get_if<CallArguments>(&part)) {
      calls.back().arguments = ordered_json::parse(more->text, nullptr, false);
    }
  }
  return calls;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// How many calls of an answer come back the same; -1: another number of them, or other ones.
int calls_that_come_back(const Syntax& syntax, const Rendered& text, int wanted) {
  const std::vector<Part> parts = parse(syntax, text.prompt, case_tools(), {text.answer});
  const std::vector<Call> calls = calls_of(parts);
  if (calls.empty() || calls.size() > static_cast<size_t>(wanted)) return -1;
  for (size_t call = 0; call < calls.size(); ++call) {
    if (calls[call].name != (call == 0 ? "get_weather" : "add")) return -1;
    if (nlohmann::json(calls[call].arguments) != nlohmann::json(arguments_of(static_cast<int>(call)))) return -1;
  }
  return static_cast<int>(calls.size());
}

// Templates that write no calls into answers.
constexpr std::array templates_without_calls = {"HuggingFaceTB-SmolLM3-3B",
                                                "LFM2-8B-A1B",
                                                "LFM2.5-Instruct",
                                                "google-gemma-2-2b-it",
                                                "ibm-granite-granite-3.3-2B-Instruct",
                                                "llama-cpp-rwkv-world",
                                                "microsoft-Phi-3.5-mini-instruct"};
// Templates whose calls are text here, or that cannot be rendered with tools.
constexpr std::array templates_not_known = {"muse-glimmer", "llama-cpp-deepseek-r1"};

template <size_t size>
bool is_among(const std::array<const char*, size>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// The beginning of the answer that its grammar allows has as many calls.
void expect_in_grammar(const std::string& name, const Syntax& syntax, const Rendered& text, int calls) {
  if (name == "ByteDance-Seed-OSS" || name == "openbmb-MiniCPM5-1B") return;  // lists as Python's str() has them
  const auto grammar = syntax.calls_grammar(case_tools(), false, "", true);
  ASSERT_TRUE(grammar || syntax.name() == "minimax-nested") << name << grammar.error().message;
  if (!grammar) return;
  auto automaton = constraint::Automaton::compile(*grammar);
  ASSERT_TRUE(automaton) << name;
  size_t size = 0;
  constraint::StateId state = automaton->begin();
  for (; size < text.answer.size(); ++size) {
    state = automaton->step(state, static_cast<uint8_t>(text.answer[size]));
    if (state == constraint::dead_state) break;
  }
  const std::string_view allowed = std::string_view(text.answer).substr(0, size);
  const std::vector<Call> there = calls_of(parse(syntax, text.prompt, case_tools(), {allowed}));
  EXPECT_EQ(there.size(), static_cast<size_t>(calls))
      << name << " (" << syntax.name() << "): " << allowed << " <HERE> " << text.answer.substr(size);
}

// Calls that come back from an answer with as many as the template can write.
int calls_that_come_back(const std::string& name, const ChatTemplate& chat_template, const Syntax& syntax,
                         std::string& answer) {
  for (int calls = 2; calls > 0; --calls) {
    for (const ordered_json& content : {ordered_json(""), ordered_json(nullptr)}) {
      const Rendered text = rendered(chat_template, calls, content);
      if (!text.answer.empty()) answer = text.answer;
      const int came_back = text.answer.empty() ? -1 : calls_that_come_back(syntax, text, calls);
      if (came_back <= 0) continue;
      expect_in_grammar(name, syntax, text, came_back);
      return came_back;
    }
  }
  return 0;
}

TEST(PartsRoundTrip, each_template_writes_calls_that_are_taken_apart_again) {
  QUIRE_TEST_DATA_OR_SKIP(folder, "templates");
  int templates = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string source = read_file(entry.path());
    const std::string name = entry.path().stem().string();
    const auto chat_template = ChatTemplate::parse(source, "<s>", "</s>");
    ASSERT_TRUE(chat_template) << name;
    const Syntax syntax = Syntax::of(source, "");
    std::string answer;
    const int came_back = calls_that_come_back(name, *chat_template, syntax, answer);
    const bool expected = !is_among(templates_without_calls, name) && !is_among(templates_not_known, name);
    EXPECT_EQ(came_back > 0, expected) << name << " (" << syntax.name() << "): " << answer;
    ++templates;
  }
  EXPECT_GT(templates, 50);
}

}  // namespace
}  // namespace quire::parts
