// Answers with a shape, from the real engine: constraints, calls and thinking, in every dialect. The model is small and
// knows none of it: what comes out right is the constraint's doing.
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "server/real_server.h"

namespace quire::server::test {
namespace {

class ShapedAnswers : public RealServer {
 protected:
  // "story", and "caller": the same weights with a template that writes thinking and Hermes' calls.
  void begin(const std::filesystem::path& path) {
    Settings settings;
    settings.models_folder = folder_;
    start(path, settings);
    const Json created =
        answer("/api/create", {{"model", "caller"},
                               {"from", "story"},
                               {"template", R"({{- if .Tools }}<tools>{{ range .Tools }}{{ . }}{{ end }}</tools>
<tool_call>{"name": NAME, "arguments": ARGUMENTS}</tool_call>
{{ end }}{{ range .Messages }}{{ .Role }}: {{ .Content }}{{ range .ToolCalls }}<tool_call>
{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}
</tool_call>{{ end }}
{{ end }}assistant:{{ if .IsThinkSet }}{{ if .Think }}<think>
{{ else }}<think>

</think>

{{ end }}{{ end }})"}});
    ASSERT_EQ(created, Json({{"status", "success"}})) << created.dump();
  }
  Json answer(std::string_view path, Json call) {
    call["stream"] = false;
    return Json::parse(post(path, call).body);
  }
  static Json user(const char* text) { return Json::array({{{"role", "user"}, {"content", text}}}); }
};

const Json person = Json::parse(R"({"type":"object","properties":{"name":{"type":"string","maxLength":12},
    "age":{"type":"integer","minimum":1,"maximum":99},"tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":2}},
    "required":["name","age","tags"],"additionalProperties":false})");
const Json weather_tool = Json::parse(R"({"type":"function","function":{"name":"weather","description":"of a place",
    "parameters":{"type":"object","properties":{"place":{"type":"string","maxLength":8},"days":{"enum":[1,2,3]}},
    "required":["place","days"],"additionalProperties":false}}})");

void expect_person(const std::string& text) {
  const Json value = Json::parse(text, nullptr, false);
  ASSERT_TRUE(value.is_object()) << text;
  EXPECT_EQ(value.size(), 3U) << text;
  EXPECT_LE(value["name"].get<std::string>().size(), 48U) << text;
  EXPECT_TRUE(value["age"].is_number_integer() && value["age"] >= 1 && value["age"] <= 99) << text;
  EXPECT_TRUE(value["tags"].is_array() && value["tags"].size() <= 2) << text;
}

void expect_weather(const Json& arguments) {
  ASSERT_TRUE(arguments.is_object()) << arguments.dump();
  EXPECT_TRUE(arguments["place"].is_string()) << arguments.dump();
  EXPECT_TRUE(arguments["days"] == 1 || arguments["days"] == 2 || arguments["days"] == 3) << arguments.dump();
}

TEST_F(ShapedAnswers, keep_to_a_schema_by_each_of_its_names) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  for (int seed = 1; seed <= 4; ++seed) {
    const Json options = {{"seed", seed}, {"temperature", 1.5}};
    expect_person(
        answer("/api/generate",
               {{"model", "story"}, {"prompt", "Lily"}, {"format", person}, {"options", options}})["response"]);
    expect_person(answer("/api/chat", {{"model", "story"},
                                       {"messages", user("Lily")},
                                       {"format", person},
                                       {"options", options}})["message"]["content"]);
    const Json format = {{"type", "json_schema"}, {"json_schema", {{"name", "person"}, {"schema", person}}}};
    expect_person(answer("/v1/chat/completions", {{"model", "story"},
                                                  {"messages", user("Lily")},
                                                  {"seed", seed},
                                                  {"response_format", format}})["choices"][0]["message"]["content"]);
    const Json text = {{"format", {{"type", "json_schema"}, {"name", "person"}, {"schema", person}}}};
    expect_person(answer("/v1/responses", {{"model", "story"}, {"input", "Lily"}, {"text", text}})["output"]
                      .back()["content"][0]["text"]);
  }
}

TEST_F(ShapedAnswers, match_expressions_choices_and_grammars) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  const auto said = [&](const char* field, const Json& value) -> std::string {
    return answer("/v1/completions", {{"model", "story"},
                                      {"prompt", "x"},
                                      {"max_tokens", 100},
                                      {"temperature", 2},
                                      {field, value}})["choices"][0]["text"];
  };
  EXPECT_TRUE(
      std::regex_match(said("regex", "[0-9]{4}-[0-9]{2} [a-z]+\\."), std::regex("[0-9]{4}-[0-9]{2} [a-z]+\\.")));
  const std::string choice = said("guided_choice", {"yes", "no", "m\u00fcde"});
  EXPECT_TRUE(choice == "yes" || choice == "no" || choice == "m\u00fcde") << choice;
  EXPECT_TRUE(
      std::regex_match(said("grammar", "root ::= (\"a\" | \"b\"){3} [0-9]+ \".\""), std::regex("[ab]{3}[0-9]+\\.")));
  EXPECT_TRUE(Json::accept(said("structured_outputs", {{"json_object", true}})));
}

TEST_F(ShapedAnswers, name_what_of_a_constraint_cannot_be_honoured) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  const auto error = [&](const char* field, const Json& value) {
    const RawResponse response = post("/v1/completions", {{"model", "story"}, {"prompt", "x"}, {field, value}});
    EXPECT_EQ(response.status, 400) << response.body;
    const Json told = Json::parse(response.body)["error"];
    EXPECT_EQ(told["param"], field) << response.body;
    return told["message"].get<std::string>();
  };
  EXPECT_NE(error("regex", "(a)\\1").find("back reference"), std::string::npos) << error("regex", "(a)\\1");
  EXPECT_TRUE(error("guided_grammar", "start: \"a\"").starts_with("\"guided_grammar\" is no GBNF grammar: line 1"));
  EXPECT_NE(error("grammar", "root ::= undefined").find("undefined"), std::string::npos);
  EXPECT_NE(error("json_schema", {{"type", "array"}, {"uniqueItems", true}}).find("uniqueItems"), std::string::npos);
}

TEST_F(ShapedAnswers, cut_by_their_length_are_a_beginning) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  const Json call = {{"model", "story"}, {"prompt", "x"}, {"json_schema", person}, {"temperature", 0}};
  const std::string whole = answer("/v1/completions", call)["choices"][0]["text"];
  Json cut = call;
  cut["max_tokens"] = 5;
  const Json choice = answer("/v1/completions", cut)["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "length");
  EXPECT_TRUE(whole.starts_with(choice["text"].get<std::string>())) << whole << "\n" << choice["text"];
}

TEST_F(ShapedAnswers, are_calls_of_the_tool_that_is_asked_for_in_every_dialect) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  const Json tools = Json::array({weather_tool});
  const Json chat = answer("/v1/chat/completions", {{"model", "caller"},
                                                    {"messages", user("Is it cold?")},
                                                    {"tools", tools},
                                                    {"tool_choice", "required"},
                                                    {"parallel_tool_calls", false},
                                                    {"seed", 3},
                                                    {"reasoning_effort", "none"}})["choices"][0];
  EXPECT_EQ(chat["finish_reason"], "tool_calls") << chat.dump();
  EXPECT_TRUE(chat["message"]["content"].is_null());
  ASSERT_EQ(chat["message"]["tool_calls"].size(), 1U) << chat.dump();
  EXPECT_EQ(chat["message"]["tool_calls"][0]["function"]["name"], "weather");
  expect_weather(Json::parse(chat["message"]["tool_calls"][0]["function"]["arguments"].get<std::string>()));

  const Json function = weather_tool["function"];
  const Json anthropic = answer(
      "/v1/messages", {{"model", "caller"},
                       {"max_tokens", 200},
                       {"messages", user("Is it cold?")},
                       {"tools", {{{"name", "weather"}, {"input_schema", function["parameters"]}}}},
                       {"tool_choice", {{"type", "tool"}, {"name", "weather"}, {"disable_parallel_tool_use", true}}},
                       {"thinking", {{"type", "disabled"}}}});
  EXPECT_EQ(anthropic["stop_reason"], "tool_use") << anthropic.dump();
  EXPECT_EQ(anthropic["content"].back()["type"], "tool_use");
  expect_weather(anthropic["content"].back()["input"]);

  Json flat = function;
  flat["type"] = "function";
  const Json response = answer("/v1/responses", {{"model", "caller"},
                                                 {"input", "Is it cold?"},
                                                 {"tools", {flat}},
                                                 {"tool_choice", "required"},
                                                 {"parallel_tool_calls", false},
                                                 {"reasoning", {{"effort", "none"}}}});
  EXPECT_EQ(response["output"].back()["type"], "function_call") << response.dump();
  expect_weather(Json::parse(response["output"].back()["arguments"].get<std::string>()));
}

TEST_F(ShapedAnswers, are_told_of_by_the_capabilities_of_the_model) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  const Json abilities = {"completion", "tools", "thinking"};
  EXPECT_EQ(answer("/api/show", {{"model", "caller"}})["capabilities"], abilities);
  EXPECT_EQ(answer("/api/show", {{"model", "story"}})["capabilities"], Json::array({"completion"}));
  const Json listed = Json::parse(get("/api/tags").body)["models"];
  ASSERT_EQ(listed.size(), 2U) << listed.dump();
  for (const Json& model : listed) {
    EXPECT_EQ(model["capabilities"], model["name"] == "caller:latest" ? abilities : Json::array({"completion"}));
  }
}

TEST_F(ShapedAnswers, hold_calls_to_schemas_that_can_be_kept_to_or_were_asked_for) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  Json tool = weather_tool;
  tool["function"]["parameters"]["properties"]["place"] = {{"type", "array"}, {"uniqueItems", true}};
  Json call = {{"model", "caller"},         {"messages", user("x")}, {"tools", {tool}},
               {"tool_choice", "required"}, {"max_tokens", 30},      {"seed", 1},
               {"reasoning_effort", "none"}};
  EXPECT_EQ(post("/v1/chat/completions", call).status, 200);
  call["tools"][0]["function"]["strict"] = true;
  const RawResponse refused = post("/v1/chat/completions", call);
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("uniqueItems"), std::string::npos) << refused.body;
}

TEST_F(ShapedAnswers, without_a_syntax_of_calls_cannot_be_made_to_call) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  const RawResponse response =
      post("/v1/chat/completions",
           {{"model", "story"}, {"messages", user("x")}, {"tools", {weather_tool}}, {"tool_choice", "required"}});
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("no calls"), std::string::npos) << response.body;
}

TEST_F(ShapedAnswers, think_first_and_are_held_to_their_shape_then) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  Json bounded = {{"model", "caller"},
                  {"messages", user("Lily")},
                  {"reasoning", {{"effort", "low"}, {"max_tokens", 6}}},
                  {"response_format", {{"type", "json_object"}, {"schema", person}}},
                  {"seed", 2}};
  const Json message = answer("/v1/chat/completions", bounded)["choices"][0]["message"];
  EXPECT_FALSE(message["reasoning_content"].get<std::string>().empty()) << message.dump();
  expect_person(message["content"]);
  const Json off = answer("/api/chat", {{"model", "caller"},
                                        {"messages", user("Lily")},
                                        {"think", false},
                                        {"format", person},
                                        {"options", {{"seed", 1}}}})["message"];
  EXPECT_FALSE(off.contains("thinking")) << off.dump();
  expect_person(off["content"]);
}

// The same request, alone and among others that are constrained alike and differently.
TEST_F(ShapedAnswers, have_the_same_bytes_whatever_their_company) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  std::vector<Json> calls;
  for (int index = 0; index < 9; ++index) {
    Json call = {{"model", "story"},
                 {"prompt", "Once " + std::to_string(index % 3)},
                 {"seed", index},
                 {"max_tokens", 60},
                 {"temperature", 1.2}};
    if (index % 3 == 0) call["json_schema"] = person;
    if (index % 3 == 1) call["regex"] = "([a-z]+ ){5,}end";
    calls.push_back(std::move(call));
  }
  const auto said = [&](const Json& call) {
    return answer("/v1/completions", call)["choices"][0]["text"].get<std::string>();
  };
  std::vector<std::string> alone, together(calls.size());
  for (const Json& call : calls) alone.push_back(said(call));
  std::vector<std::thread> threads;
  for (size_t index = 0; index < calls.size(); ++index) {
    threads.emplace_back([&, index] { together[index] = said(calls[index]); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(together, alone);
}

}  // namespace
}  // namespace quire::server::test
