// Templates of Ollama, and more that use what Ollama gives to templates, against Ollama (tools/goldens/gotemplates).
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <utility>

#include "text/gotemplate/go_template.h"
#include "text/gotemplate_fixture.h"

namespace quire::gotemplate {
namespace {

std::optional<ThinkRequest> think_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  if (json.is_boolean()) return ThinkRequest{.enabled = json.get<bool>(), .level = ""};
  return ThinkRequest{.enabled = true, .level = json.get<std::string>()};
}

Result<PromptText> render(const GoTemplate& parsed, const Json& conversation, int64_t now_unix_s) {
  const auto think = think_of(member(conversation, "think"));
  const Json& generate = member(conversation, "generate");
  if (generate.is_null()) {
    return parsed.render(ChatTemplateInput{.messages = conversation.at("messages"),
                                           .tools = member(conversation, "tools"),
                                           .think = think,
                                           .now_unix_s = now_unix_s});
  }
  return parsed.render(GenerateTemplateInput{.system = generate.value("system", ""),
                                             .prompt = generate.value("prompt", ""),
                                             .suffix = generate.value("suffix", ""),
                                             .image_count = member(generate, "images").size(),
                                             .think = think,
                                             .now_unix_s = now_unix_s});
}

TEST(GoTemplateOllama, every_template_prints_every_conversation_as_ollama_does) {
  std::map<std::string, Json> conversations;
  for (const Json& conversation : Json::parse(test::read_data("conversations.json"))) {
    conversations[conversation.at("name").get<std::string>()] = conversation;
  }
  std::istringstream goldens(test::read_data("rendered.jsonl"));
  std::string line;
  std::getline(goldens, line);
  const int64_t now_unix_s = Json::parse(line).at("now_unix_s").get<int64_t>();
  size_t compared = 0;
  while (std::getline(goldens, line)) {
    const Json golden = Json::parse(line);
    const std::string name = golden.at("template").get<std::string>();
    SCOPED_TRACE(name + " " + golden.at("conversation").get<std::string>());
    const auto parsed = GoTemplate::parse(test::read_data(name));
    ASSERT_TRUE(parsed) << parsed.error().message;
    const auto printed = render(*parsed, conversations.at(golden.at("conversation").get<std::string>()), now_unix_s);
    if (golden.contains("output")) {
      EXPECT_EQ(printed ? printed->text : printed.error().message, golden["output"].get<std::string>());
    } else {
      EXPECT_FALSE(printed) << "printed " << printed->text << ", Ollama fails";
    }
    ++compared;
  }
  EXPECT_GE(compared, 36U * 11U);
}

TEST(GoTemplateOllama, names_tell_what_a_template_can_do) {
  const auto parsed = GoTemplate::parse(
      "{{ define `t` }}{{ .Thinking }}{{ end }}{{ if $.Suffix }}{{ (print .Tools).x }}{{ print (len .Messages) }}{{ "
      "end }}");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->names(), (std::vector<std::string>{"$", "messages", "suffix", "thinking"}));
}

// Go prints bytes and addresses, which no template of a model can want.
TEST(GoTemplateOllama, images_and_addresses_are_not_printed) {
  const Json messages = {{{"role", "user"}, {"content", "c"}, {"images", {"aGk="}}}};
  for (const char* source :
       {"{{ range .Messages }}{{ .Images }}{{ end }}", "{{ json .Messages }}", "{{ .Messages }}"}) {
    const auto parsed = GoTemplate::parse(source);
    ASSERT_TRUE(parsed);
    const auto printed = parsed->render(ChatTemplateInput{.messages = messages});
    ASSERT_FALSE(printed) << source << printed->text;
    EXPECT_EQ(printed.error().kind, ErrorKind::unsupported);
  }
}

// OpenAI's clients send the arguments of a call as a string.
TEST(GoTemplateOllama, arguments_of_a_call_may_be_an_object_in_a_string) {
  const auto parsed =
      GoTemplate::parse("{{ range .Messages }}{{ range .ToolCalls }}{{ .Function.Arguments.a }}{{ end }}{{ end }}");
  ASSERT_TRUE(parsed);
  const Json call = {{"function", {{"name", "f"}, {"arguments", "{\"a\": 2}"}}}};
  const auto printed = parsed->render(ChatTemplateInput{.messages = {{{"role", "assistant"}, {"tool_calls", {call}}}}});
  ASSERT_TRUE(printed) << printed.error().message;
  EXPECT_EQ(printed->text, "2");
}

}  // namespace
}  // namespace quire::gotemplate
