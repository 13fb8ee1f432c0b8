// What a model that has its own mind is held to: by a tool's schema, a forced call, a schema of the answer. Its script
// is what it would write; mask, sampler and parsers are those of every answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <utility>

#include "scripted/scripted_server.h"

namespace quire::scripted {
namespace {

using testing::HasSubstr;

const Json lookup_tools = Json::parse(R"([
    {"name": "lookup", "parameters": {"type": "object", "properties": {"word": {"type": "string", "maxLength": 20},
        "pages": {"type": "integer", "minimum": 1, "maximum": 99}}, "required": ["word", "pages"],
        "additionalProperties": false}},
    {"name": "stop", "parameters": {"type": "object", "properties": {}, "additionalProperties": false}}])");
const Json person_schema = Json::parse(R"({"type": "object", "properties": {"name": {"type": "string"},
    "age": {"type": "integer", "minimum": 0, "maximum": 150}, "role": {"enum": ["user", "owner"]}},
    "required": ["name", "age", "role"], "additionalProperties": false})");

// Whoever may think, thinks first: nothing but the model says when that is over.
std::string answer_of(const Family& family, const std::string& text) {
  return family.write(family.thinking.empty() ? "" : "Hm.", text, {});
}

// Every family's script, every dialect.
void for_each_chat(const std::vector<std::string_view>& names, const std::function<std::string(const Family&)>& says,
                   const std::function<void(Chat&, const Family&, std::string_view dialect)>& hold) {
  for (const std::string_view name : names) {
    const Family& family = *find_family(name);
    const ScriptedServer server(family, {{{}, says(family)}});
    for (const std::string_view dialect : dialects) {
      for (const bool streams : {false, true}) {
        SCOPED_TRACE(testing::Message() << name << ", " << dialect << (streams ? ", streamed" : ""));
        const auto chat = begin_chat(dialect, server.port(), streams);
        chat->user("Begin.");
        hold(*chat, family, dialect);
      }
    }
  }
}

TEST(ScriptedShape, calls_that_come_together_are_apart_in_each_dialect) {
  for_each_chat(
      {"hermes-thinking", "qwen-xml", "mistral", "deepseek", "glm", "kimi"},
      [](const Family& family) {
        return family.write("", "", {{"lookup", {{"word", R"("tea")"}, {"pages", "3"}}}, {"stop", {}}});
      },
      [](Chat& chat, const Family&, std::string_view) {
        const Answer answer = chat.ask({.tools = lookup_tools});
        ASSERT_EQ(answer.status, 200) << answer.error;
        ASSERT_EQ(answer.calls.size(), 2U) << answer.content;
        EXPECT_EQ(Json::parse(answer.calls[0].arguments), Json::parse(R"({"word": "tea", "pages": 3})"));
        EXPECT_EQ(answer.calls[1].name, "stop");
        EXPECT_EQ(answer.calls[1].arguments, "{}");
        EXPECT_NE(answer.calls[0].id, answer.calls[1].id);
      });
}

// Native clients can only offer tools.
void expect_forced_lookup(Chat& chat, std::string_view dialect) {
  if (dialect == "native") return;
  const Answer answer = chat.ask({.tools = lookup_tools, .must_call = "lookup"});
  ASSERT_EQ(answer.status, 200) << answer.error;
  ASSERT_GE(answer.calls.size(), 1U) << answer.thinking << "\n" << answer.content;
  EXPECT_EQ(answer.content, "");
  for (const Call& call : answer.calls) {
    const Json arguments = Json::parse(call.arguments, nullptr, false);
    ASSERT_TRUE(arguments.is_object()) << call.arguments;
    EXPECT_EQ(call.name, "lookup");
    EXPECT_TRUE(arguments["word"].is_string()) << call.arguments;
    EXPECT_TRUE(arguments["pages"].is_number_integer()) << call.arguments;
  }
}

// Harmony's own mind would go on thinking, which a forced call may do as long as it likes.
TEST(ScriptedShape, a_forced_call_is_made_by_a_model_that_would_rather_talk) {
  for_each_chat(
      {"hermes-thinking", "qwen-xml", "llama", "mistral", "deepseek", "glm", "kimi"},
      [](const Family& family) { return answer_of(family, "I would rather talk."); },
      [](Chat& chat, const Family&, std::string_view dialect) { expect_forced_lookup(chat, dialect); });
}

TEST(ScriptedShape, a_forced_call_is_of_the_tool_that_is_named_where_the_model_wants_another) {
  for_each_chat(
      {"hermes-thinking", "qwen-xml", "llama", "mistral", "harmony", "deepseek", "glm", "kimi"},
      [](const Family& family) {
        return family.write("", "", {{"stop", {}}});
      },
      [](Chat& chat, const Family&, std::string_view dialect) { expect_forced_lookup(chat, dialect); });
}

// The script's number is a string, and its role no member of the enum.
TEST(ScriptedShape, an_answer_keeps_to_its_schema_where_the_model_would_not) {
  for_each_chat(
      {"hermes-thinking", "llama", "harmony", "deepseek"},
      [](const Family& family) {
        return answer_of(family, R"({"name": "Ada", "age": "forty", "role": "admin", "wife": null})");
      },
      [](Chat& chat, const Family&, std::string_view) {
        const Answer answer = chat.ask({.schema = person_schema});
        ASSERT_EQ(answer.status, 200) << answer.error;
        const Json person = Json::parse(answer.content, nullptr, false);
        ASSERT_TRUE(person.is_object()) << answer.content;
        EXPECT_EQ(person.size(), 3U) << answer.content;
        EXPECT_EQ(person["name"], "Ada");
        EXPECT_TRUE(person["age"].is_number_integer()) << answer.content;
        EXPECT_TRUE(person["role"] == "user" || person["role"] == "owner") << answer.content;
      });
}

TEST(ScriptedShape, arguments_keep_to_their_tools_schema_where_the_model_would_not) {
  for_each_chat(
      {"hermes-thinking", "llama", "mistral", "harmony", "deepseek", "kimi"},
      [](const Family& family) {
        return family.write(
            "", "",
            {{"lookup",
              {{"word", R"("a word of far more than twenty letters")"}, {"pages", R"("many")"}, {"extra", "true"}}}});
      },
      [](Chat& chat, const Family&, std::string_view) {
        const Answer answer = chat.ask({.tools = lookup_tools});
        ASSERT_EQ(answer.calls.size(), 1U) << answer.content << answer.error;
        const Json arguments = Json::parse(answer.calls[0].arguments, nullptr, false);
        ASSERT_TRUE(arguments.is_object()) << answer.calls[0].arguments;
        EXPECT_EQ(arguments.size(), 2U) << answer.calls[0].arguments;
        EXPECT_EQ(arguments["word"], "a word of far more t");
        EXPECT_TRUE(arguments["pages"].is_number_integer()) << answer.calls[0].arguments;
      });
}

TEST(ScriptedShape, a_call_without_tools_is_text_and_no_error) {
  for_each_chat(
      {"hermes-thinking", "qwen-xml", "llama", "deepseek"},
      [](const Family& family) {
        return family.write("", "", {{"launch", {{"word", R"("tea")"}}}});
      },
      [](Chat& chat, const Family&, std::string_view) {
        const Answer answer = chat.ask({});
        ASSERT_EQ(answer.status, 200) << answer.error;
        EXPECT_TRUE(answer.calls.empty());
        EXPECT_THAT(answer.content, HasSubstr("launch"));
      });
}

// Whoever is offered tools cannot write a call of any other, nor break off one that has begun: the mask does not let
// it.
TEST(ScriptedShape, a_call_that_the_model_would_break_off_comes_whole) {
  for_each_chat(
      {"hermes-thinking", "mistral", "deepseek", "kimi"},
      [](const Family& family) {
        const std::string whole = family.write("", "", {{"lookup", {{"word", R"("tea")"}, {"pages", "3"}}}});
        return whole.substr(0, whole.find("\"tea\"") + 3);
      },
      [](Chat& chat, const Family&, std::string_view) {
        const Answer answer = chat.ask({.tools = lookup_tools});
        ASSERT_EQ(answer.status, 200) << answer.error;
        ASSERT_EQ(answer.calls.size(), 1U) << answer.content;
        const Json arguments = Json::parse(answer.calls[0].arguments, nullptr, false);
        ASSERT_TRUE(arguments.is_object()) << answer.calls[0].arguments;
        EXPECT_EQ(arguments["word"], "te");
        EXPECT_TRUE(arguments["pages"].is_number_integer());
      });
}

// What is said again is guessed at, and comes as the model says it: with the changes that it makes.
TEST(ScriptedShape, a_text_that_repeats_itself_comes_as_it_is_written) {
  std::string text = "List:";
  for (int line = 0; line < 25; ++line) {
    text += " the heron stands in the shallow water and waits" + std::string(line % 7 == 0 ? " no more;" : ";");
  }
  for_each_chat(
      {"llama"}, [&](const Family& family) { return answer_of(family, text); },
      [&](Chat& chat, const Family&, std::string_view) {
        const Answer answer = chat.ask({});
        ASSERT_EQ(answer.status, 200) << answer.error;
        EXPECT_EQ(answer.content, text);
      });
}

// A budget of tokens is the client's: what came by then is given, and nothing is an error.
TEST(ScriptedShape, a_call_that_is_cut_by_the_length_is_as_far_as_it_came) {
  const Family& family = *find_family("mistral");
  const ScriptedServer server(family,
                              {{{}, family.write("", "", {{"lookup", {{"word", R"("Tee")"}, {"pages", "3"}}}})}});
  const std::map<std::string_view, std::pair<Json, std::string>> bounds = {
      {"native", {{{"options", {{"num_predict", 16}}}}, "length"}},
      {"openai", {{{"max_completion_tokens", 16}}, "length"}},
      {"responses", {{{"max_output_tokens", 16}}, "incomplete"}},
      {"anthropic", {{{"max_tokens", 16}}, "max_tokens"}}};
  for (const std::string_view dialect : dialects) {
    SCOPED_TRACE(dialect);
    const auto chat = begin_chat(dialect, server.port(), false);
    chat->user("Begin.");
    const Answer answer = chat->ask({.tools = lookup_tools, .more = bounds.at(dialect).first});
    EXPECT_EQ(answer.status, 200) << answer.error;
    EXPECT_EQ(answer.reason, bounds.at(dialect).second);
    ASSERT_EQ(answer.calls.size(), 1U) << answer.content;
    EXPECT_EQ(answer.calls[0].name, "lookup");
  }
}

}  // namespace
}  // namespace quire::scripted
