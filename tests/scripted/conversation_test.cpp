// Whole conversations with tools: HTTP, dialect, template, engine, mask, sampler, parser and back, with a model that
// writes what its script says.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "scripted/scripted_server.h"

namespace quire::scripted {
namespace {

const Json tools = Json::parse(R"([
    {"name": "weather", "description": "of a place", "parameters": {"type": "object", "properties": {"place": {"type": "string"},
        "days": {"type": "integer", "minimum": 1, "maximum": 9}}, "required": ["place", "days"],
        "additionalProperties": false}},
    {"name": "write_note", "description": "keeps a note", "parameters": {"type": "object", "properties": {"text": {"type": "string"}},
        "required": ["text"], "additionalProperties": false}},
    {"name": "send", "description": "sends it", "parameters": {"type": "object", "properties": {"to": {"type": "string"},
        "urgent": {"type": "boolean"}}, "required": ["to", "urgent"], "additionalProperties": false}}])");

const WrittenCall ask_weather{"weather", {{"place", R"("Oslo")"}, {"days", "2"}}};
const WrittenCall write_note{"write_note", {{"text", R"("Rain: 3 mm, take a coat")"}}};
const WrittenCall send{"send", {{"to", R"("Ann")"}, {"urgent", "true"}}};

// Each turn is seen only when the result before it, and its call, are in the prompt.
std::vector<Turn> three_calls(const Family& family) {
  const bool thinks = !family.thinking.empty();
  const std::string text = family.parallel ? "Let me see." : "";  // where a call is the whole answer
  return {{{"How is Oslo?"}, family.write(thinks ? "They ask for rain." : "", text, {ask_weather})},
          {{"3 mm of rain", "Oslo"}, family.write("", "", {write_note}, 1)},
          {{"note 17", "take a coat"}, family.write(thinks ? "Ann waits." : "", "", {send}, 2)},
          {{"sent at noon", "Ann"}, family.write("", "Done: {it} <rains>.", {})}};
}

void expect_call(const Answer& answer, const std::string& name, const std::string& arguments) {
  ASSERT_EQ(answer.status, 200) << answer.error;
  ASSERT_EQ(answer.calls.size(), 1U) << answer.content;
  EXPECT_EQ(answer.calls[0].name, name);
  EXPECT_FALSE(answer.calls[0].id.empty());
  EXPECT_EQ(Json::parse(answer.calls[0].arguments, nullptr, false), Json::parse(arguments))
      << answer.calls[0].arguments;
}

void hold_three_calls(const Family& family, Chat& chat) {
  const Asking asking{.tools = tools};
  chat.user("How is Oslo?");
  Answer answer = chat.ask(asking);
  expect_call(answer, "weather", R"({"place": "Oslo", "days": 2})");
  EXPECT_EQ(answer.content, family.parallel ? "Let me see." : "");
  EXPECT_EQ(answer.thinking, family.thinking.empty() ? "" : "They ask for rain.");
  if (testing::Test::HasFailure()) return;
  chat.result(answer.calls[0], "3 mm of rain");
  answer = chat.ask(asking);
  expect_call(answer, "write_note", R"({"text": "Rain: 3 mm, take a coat"})");
  if (testing::Test::HasFailure()) return;
  chat.result(answer.calls[0], "note 17");
  answer = chat.ask(asking);
  expect_call(answer, "send", R"({"to": "Ann", "urgent": true})");
  if (testing::Test::HasFailure()) return;
  chat.result(answer.calls[0], "sent at noon");
  answer = chat.ask(asking);
  EXPECT_TRUE(answer.calls.empty());
  EXPECT_EQ(answer.content, "Done: {it} <rains>.");
}

// The template that the maker of a family has published, where it is here.
std::string published_template(const Family& family) {
  std::ifstream file(test::data_path("templates/" + std::string(family.published) + ".jinja"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ScriptedConversation, three_calls_and_an_answer_in_each_dialect_and_syntax) {
  for (const Family& family : families()) {
    for (const std::string& chat_template : {family.chat_template(), published_template(family)}) {
      if (chat_template.empty()) continue;
      const ScriptedServer server(family, three_calls(family), chat_template);
      for (const std::string_view dialect : dialects) {
        for (const bool streams : {false, true}) {
          SCOPED_TRACE(testing::Message() << family.name << ", " << dialect << (streams ? ", streamed" : ""));
          hold_three_calls(family, *begin_chat(dialect, server.port(), streams));
        }
      }
    }
  }
}

}  // namespace
}  // namespace quire::scripted
