// What models say, taken apart.
#include <gtest/gtest.h>

#include "text/parts_support.h"

namespace quire::parts {
namespace {

const std::vector<ToolSchema>& tools() {
  static const std::vector<ToolSchema> all = {{.name = "get_weather"}, {.name = "add"}};
  return all;
}

std::string told(std::string_view source, std::string_view text, std::string_view prompt_end = "") {
  return shown(parse(Syntax::of(source, ""), prompt_end, tools(), {text}));
}

TEST(Parts, hermes_calls_stand_in_their_tags) {
  EXPECT_EQ(
      told("</think><tool_call>",
           "<think>\nLook.\n</think>\n\nSure:\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": "
           "\"Pa}ris\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"add\", \"arguments\": {}}\n</tool_call>"),
      "thinking Look.\ncontent Sure:\ncall 0 get_weather\narguments {\"city\": \"Pa}ris\"}\nend 0\ncall 1 "
      "add\narguments {}\nend 1\n");
}

TEST(Parts, unknown_call_is_text) {
  EXPECT_EQ(told("<tool_call>", "a <tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call> b"),
            "content a <tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call> b\n");
}

}  // namespace
}  // namespace quire::parts
