#include "api/anthropic/conversation.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "api/tools.h"

namespace quire::api::anthropic {
namespace {

// Claude Code's first block of what the system says: for its maker's accounts, and another one with every request, so
// that no prompt would begin like one before.
constexpr std::string_view billing_mark = "x-anthropic-billing-header:";

// What a template knows nothing of, in any block.
void pass_over_marks(const Fields& block) { block.pass_over({"cache_control", "citations"}); }

std::unexpected<ApiError> refuse_block(const Fields& block, std::string_view type) {
  return refuse_unsupported(block.path(type.empty() ? "type" : type));
}

void append_line(std::string& text, std::string_view more) {
  if (!text.empty()) text += '\n';
  text += more;
}

// A string, or blocks of type text with a line break between two; those that begin with `left_out` are not among them.
// `loaded`: references to tools may be among the blocks, and are added there; null: they may not.
ApiResult<std::string> read_texts(const Fields& fields, std::string_view name, std::vector<std::string>& unknown,
                                  std::string_view left_out = {}, std::vector<std::string>* loaded = nullptr) {
  const nlohmann::json* value = fields.find(name);
  if (value == nullptr) return std::string();
  if (value->is_string()) return value->get<std::string>();
  QUIRE_TRY(const std::vector<Fields> blocks, fields.objects(name, "a string or an array of blocks"));
  std::string result;
  for (const Fields& block : blocks) {
    QUIRE_TRY(const std::string type, block.text_or("type", ""));
    const bool refers = type == "tool_reference" && loaded != nullptr;
    if (type != "text" && !refers) return refuse_block(block, type);
    QUIRE_TRY(std::string text, block.required_text(refers ? "tool_name" : "text"));
    if (refers) loaded->push_back(std::exchange(text, "The tool " + text + " can be called now."));
    pass_over_marks(block);
    block.collect_unread(unknown);
    if (left_out.empty() || !text.starts_with(left_out)) append_line(result, text);
  }
  return result;
}

// The messages so far. One thread.
class Conversation {
 public:
  explicit Conversation(Noted& noted) : unknown_(noted.unknown), loaded_(noted.loaded_tools) {}

  void add_system(std::string text) { messages_.push_back({.role = "system", .content = std::move(text)}); }

  ApiResult<void> add(const Fields& message) {
    QUIRE_TRY(const std::string role, message.required_text("role"));
    const bool assistant = role == "assistant";
    if (role == "system") {
      QUIRE_TRY_VOID(message.refuse_unless("clear_at", {"never"}));
      QUIRE_TRY_VOID(message.refuse_unless("output_config", {nlohmann::json::object()}));
      QUIRE_TRY(std::string text, read_texts(message, "content", unknown_));
      add_system(std::move(text));
    } else if (!assistant && role != "user") {
      return message.wrong_word("role", "user, assistant or system", role);
    } else {
      QUIRE_TRY_VOID(add_turn(message, assistant));
    }
    message.collect_unread(unknown_);
    return {};
  }

  std::vector<Message> take() { return std::move(messages_); }

 private:
  // The last message, if it is of this role, else a new one.
  Message& turn(const char* role) {
    if (messages_.empty() || messages_.back().role != role) messages_.push_back({.role = role, .content = {}});
    return messages_.back();
  }

  ApiResult<void> add_turn(const Fields& message, bool assistant) {
    if (assistant) (void)turn("assistant");  // one without a word is a turn too
    const nlohmann::json* content = message.find("content");
    if (content == nullptr) return message.missing("content");
    if (content->is_string()) {
      append_line(turn(assistant ? "assistant" : "user").content, content->get_ref<const std::string&>());
      return {};
    }
    QUIRE_TRY(const std::vector<Fields> blocks, message.objects("content", "a string or an array of blocks"));
    for (const Fields& block : blocks) {
      QUIRE_TRY(const std::string type, block.text_or("type", ""));
      if (type == "text") {
        QUIRE_TRY(const std::string text, block.required_text("text"));
        append_line(turn(assistant ? "assistant" : "user").content, text);
      } else if (assistant) {
        QUIRE_TRY_VOID(add_said(block, type));
      } else if (type == "tool_result") {
        QUIRE_TRY_VOID(add_result(block));
      } else {
        return refuse_block(block, type);
      }
      pass_over_marks(block);
      block.collect_unread(unknown_);
    }
    return {};
  }

  // A block of an assistant's that is no text.
  ApiResult<void> add_said(const Fields& block, std::string_view type) {
    if (type == "thinking") {
      QUIRE_TRY(const std::string thinking, block.required_text("thinking"));
      block.pass_over({"signature"});  // nobody else has written it
      if (thinking.empty()) return {};
      std::optional<std::string>& all = turn("assistant").thinking;
      append_line(all ? *all : all.emplace(), thinking);
      return {};
    }
    if (type == "redacted_thinking") {
      block.pass_over({"data"});  // which its maker alone can read
      return {};
    }
    if (type != "tool_use") return refuse_block(block, type);
    QUIRE_TRY_VOID(block.refuse_set({"toolset_name"}));
    ToolCall call;
    QUIRE_TRY(call.id, block.required_text("id"));
    QUIRE_TRY(call.name, block.required_text("name"));
    const nlohmann::json* input = block.find("input");
    if (input == nullptr || !input->is_object()) {
      return refuse(400, fmt::format("\"{}\" must be an object", block.path("input")), block.path("input"));
    }
    call.arguments = block.as_written("input");
    QUIRE_TRY_VOID(check_arguments(call.arguments, block.path("input")));
    block.pass_over({"caller"});
    names_[call.id] = call.name;
    turn("assistant").tool_calls.push_back(std::move(call));
    return {};
  }

  ApiResult<void> add_result(const Fields& block) {
    Message result{.role = "tool", .content = {}};
    QUIRE_TRY(result.tool_call_id, block.required_text("tool_use_id"));
    QUIRE_TRY(const bool failed, block.boolean_or("is_error", false));
    QUIRE_TRY(result.content, read_texts(block, "content", unknown_, {}, &loaded_));
    QUIRE_TRY_VOID(block.refuse_set({"toolset_name"}));
    // No template has a place for it.
    if (failed) result.content = result.content.empty() ? "Error" : "Error: " + result.content;
    if (const auto name = names_.find(*result.tool_call_id); name != names_.end()) result.tool_name = name->second;
    messages_.push_back(std::move(result));
    return {};
  }

  std::vector<std::string>& unknown_;
  std::vector<std::string>& loaded_;
  std::vector<Message> messages_;
  std::unordered_map<std::string, std::string> names_;  // of tools, by the ids of their calls
};

}  // namespace

ApiResult<std::vector<Message>> read_conversation(const Fields& body, Noted& noted) {
  Conversation conversation(noted);
  QUIRE_TRY(std::string system, read_texts(body, "system", noted.unknown, billing_mark));
  if (!system.empty()) conversation.add_system(std::move(system));
  if (body.find("messages") == nullptr) return body.missing("messages");
  QUIRE_TRY(const std::vector<Fields> messages, body.objects("messages", "an array"));
  if (messages.empty()) return refuse(400, "\"messages\" must not be empty", "messages");
  for (const Fields& message : messages) QUIRE_TRY_VOID(conversation.add(message));
  std::vector<Message> turns = conversation.take();
  if (turns.empty()) return refuse(400, "\"messages\" must not be empty", "messages");
  return turns;
}

}  // namespace quire::api::anthropic
