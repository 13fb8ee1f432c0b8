// Chat templates with tools, thinking and effort switched on and off, beside checksums of what jinja2 renders
// (tools/goldens/template_switches.py, which shows a whole text too).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "test_data.h"
#include "text/chat_template.h"

namespace quire {
namespace {

using SwitchesJson = nlohmann::ordered_json;

std::string text_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// CRC-32 as zlib computes it.
uint32_t crc32_of(std::string_view text) {
  uint32_t crc = ~0U;
  for (const char c : text) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

std::string result_of(const ChatTemplate& chat_template, const SwitchesJson& conversation, const SwitchesJson& switches,
                      int64_t now_unix_s) {
  ChatTemplateInput input{.add_generation_prompt = conversation.value("add_generation_prompt", true),
                          .now_unix_s = now_unix_s};
  input.messages = conversation.at("messages");
  if (switches.contains("tools")) input.tools = switches.at("tools");
  input.extra = switches.at("extra");
  const auto rendered = chat_template.render(input);
  return rendered ? fmt::format("{:08x}", crc32_of(rendered->text)) : rendered.error().message;
}

TEST(TemplateSwitches, every_template_renders_as_jinja2_does) {
  QUIRE_TEST_DATA_OR_SKIP(templates, "templates");
  const auto golden_file = std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data/template_switches.json";
  const SwitchesJson document = SwitchesJson::parse(text_of_file(golden_file));
  const SwitchesJson& switches = document.at("switches");
  const auto now_unix_s = document.at("now_unix_s").get<int64_t>();
  for (const auto& [name, of] : document.at("results").items()) {
    const auto chat_template = ChatTemplate::parse(text_of_file(templates / (name + ".jinja")), "<bos>", "<eos>");
    ASSERT_TRUE(chat_template) << name << ": " << chat_template.error().message;
    for (const auto& [conversation, results] : of.items()) {
      for (size_t i = 0; i < results.size(); ++i) {
        if (results[i].is_null()) continue;
        const auto expected = results[i].get<std::string>();
        const std::string found =
            result_of(*chat_template, document.at("conversations").at(conversation), switches[i], now_unix_s);
        const bool refused = expected == "raised" || expected == "error";
        EXPECT_TRUE(refused ? found.size() != 8 : found == expected)
            << name << ", " << conversation << ", " << i << " (" << switches[i].at("extra") << "): " << found
            << " instead of " << expected;
      }
    }
  }
  EXPECT_EQ(document.at("results").size(), 60U);
}

}  // namespace
}  // namespace quire
