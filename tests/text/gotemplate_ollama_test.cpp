// Templates of Ollama, and more that use what Ollama gives to templates, against Ollama (tools/goldens/gotemplates).
#include <gtest/gtest.h>

#include <map>
#include <sstream>

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

}  // namespace
}  // namespace quire::gotemplate
