// Answers in each syntax, and what they are.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "text/parts_support.h"

namespace quire::parts {

struct AnswerCase {
  std::string_view syntax;  // its row's name
  std::string_view prompt_end;
  std::string_view text;
  std::string_view shown;
};

inline const std::vector<ToolSchema>& case_tools() {
  static const std::vector<ToolSchema> tools = {
      {.name = "get_weather", .parameters = R"({"type": "object", "properties": {
          "city": {"type": "string"}, "days": {"type": "integer"}, "metric": {"type": "boolean"},
          "tags": {"$ref": "#/$defs/tags"}, "note": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
          "$defs": {"tags": {"type": "array", "items": {"type": "string"}}}})"},
      {.name = "add"}};
  return tools;
}

std::span<const AnswerCase> answer_cases();

}  // namespace quire::parts
