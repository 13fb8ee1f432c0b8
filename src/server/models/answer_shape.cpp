#include "server/models/answer_shape.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace quire::server {

std::vector<parts::ToolSchema> offered_tools(const api::GenerationCall& call) {
  std::vector<parts::ToolSchema> tools;
  if (call.tool_choice.mode == api::ToolMode::none) return tools;
  for (const api::Tool& tool : call.tools) tools.push_back({tool.name, tool.parameters, tool.strict});
  return tools;
}

AnswerShape answer_shape(const api::GenerationCall& call, std::vector<parts::ToolSchema> tools,
                         const parts::Syntax& syntax, std::string_view prompt_end) {
  const bool templated = !prompt_end.empty();  // a text that is gone on with has no thinking
  AnswerShape shape{.text = call.constraint,
                    .tools = std::move(tools),
                    .strict_asked = std::ranges::any_of(call.tools, &api::Tool::strict_asked),
                    .must_call = call.tool_choice.mode == api::ToolMode::required,
                    .tool = call.tool_choice.name,
                    .parallel_calls = call.parallel_calls,
                    .thinks = templated && syntax.has_thinking() && (!call.think || call.think->enabled)};
  if (!shape.thinks) return shape;
  shape.thinking_begun = trimmed(prompt_end).ends_with(trimmed(syntax.thinking_begin()));
  shape.thinking_tokens_max = call.thinking_tokens_max;
  return shape;
}

}  // namespace quire::server
