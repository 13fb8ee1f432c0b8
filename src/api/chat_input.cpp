#include "api/chat_input.h"

#include <utility>

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
  return result;
}

}  // namespace

ChatTemplateInput chat_input(std::span<const Message> messages, int64_t now_unix_s) {
  ChatTemplateInput input;
  input.now_unix_s = now_unix_s;
  for (const Message& message : messages) input.messages.push_back(message_json(message));
  return input;
}

}  // namespace quire::api
