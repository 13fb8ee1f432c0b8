#include "api/chat_input.h"

#include <utility>

#include "api/as_written.h"
#include "api/tools.h"

namespace quire::api {
namespace {

nlohmann::ordered_json message_json(const Message& message) {
  nlohmann::ordered_json result = {{"role", message.role}, {"content", message.content}};
  if (message.thinking) {
    result["thinking"] = *message.thinking;
    result["reasoning_content"] = *message.thinking;  // what most templates call it
  }
  if (message.name) result["name"] = *message.name;
  if (message.tool_name) result["tool_name"] = *message.tool_name;
  if (message.tool_call_id) result["tool_call_id"] = *message.tool_call_id;
  for (const ToolCall& call : message.tool_calls) {
    // Templates write an object's members one by one, or a text as it is. What a client sent is within the bounds; what
    // a model wrote, and was kept, may not be.
    nlohmann::ordered_json arguments = call.arguments;
    if (auto object = parse_in_order(call.arguments, "arguments"); object && object->is_object()) {
      arguments = std::move(*object);
    }
    nlohmann::ordered_json item = {{"type", "function"},
                                   {"function", {{"name", call.name}, {"arguments", std::move(arguments)}}}};
    if (!call.id.empty()) item["id"] = call.id;
    result["tool_calls"].push_back(std::move(item));
  }
  return result;
}

}  // namespace

ChatTemplateInput chat_input(std::span<const Message> messages, const GenerationCall& call, int64_t now_unix_s) {
  ChatTemplateInput input;
  input.now_unix_s = now_unix_s;
  for (const Message& message : messages) input.messages.push_back(message_json(message));
  if (call.tool_choice.mode != ToolMode::none) input.tools = tools_json(call.tools);
  if (call.think) {
    input.think = call.think;
    // Each family has a name of its own for it.
    for (const char* name : {"enable_thinking", "thinking"}) input.extra[name] = call.think->enabled;
    if (!call.think->level.empty()) input.extra["reasoning_effort"] = call.think->level;
  }
  if (!call.template_variables.empty()) {
    const auto variables = nlohmann::ordered_json::parse(call.template_variables, nullptr, false);
    if (variables.is_object()) input.extra.update(variables);
  }
  return input;
}

}  // namespace quire::api
