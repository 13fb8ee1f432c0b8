#include "api/responses/items.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "api/json_text.h"
#include "api/tools.h"

namespace quire::api::responses {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view seal = "text:";

Json part_of(std::string_view type, std::string text) {
  Json part = {{"type", type}, {"text", std::move(text)}};
  if (type == "output_text") {
    part["annotations"] = Json::array();
    part["logprobs"] = Json::array();
  }
  return part;
}

// A part that holds text, in the form for who says it.
ApiResult<Json> read_part(const Fields& part, std::string_view type_here, std::vector<std::string>& unknown) {
  QUIRE_TRY(const std::string type, part.text_or("type", ""));
  const bool refusal = type == "refusal";
  if (type != "input_text" && type != "output_text" && type != "text" && !refusal) {
    return refuse_unsupported(part.path(type.empty() ? "type" : type));
  }
  QUIRE_TRY(std::string text, part.required_text(refusal ? "refusal" : "text"));
  part.pass_over({"annotations", "logprobs", "prompt_cache_breakpoint"});  // of what was said, and of OpenAI's cache
  part.collect_unread(unknown);
  return part_of(type_here, std::move(text));
}

// A string, or parts; as parts of `type_here`.
ApiResult<Json> read_parts(const Fields& item, std::string_view name, std::string_view type_here,
                           std::vector<std::string>& unknown) {
  const nlohmann::json* content = item.find(name);
  if (content == nullptr) return item.missing(name);
  if (content->is_string()) return Json::array({part_of(type_here, content->get<std::string>())});
  QUIRE_TRY(const std::vector<Fields> parts, item.objects(name, "a string or an array of parts"));
  Json read = Json::array();
  for (const Fields& part : parts) {
    QUIRE_TRY(read.emplace_back(), read_part(part, type_here, unknown));
  }
  return read;
}

ApiResult<void> read_message(const Fields& fields, Json& item, std::vector<std::string>& unknown) {
  constexpr std::array<std::string_view, 4> roles = {"user", "assistant", "system", "developer"};
  QUIRE_TRY(const std::string role, fields.text_or("role", ""));
  if (std::ranges::find(roles, role) == roles.end()) {
    return fields.wrong_word("role", "user, assistant, system or developer", role);
  }
  item["status"] = "completed";
  item["role"] = role;
  QUIRE_TRY(item["content"],
            read_parts(fields, "content", role == "assistant" ? "output_text" : "input_text", unknown));
  fields.pass_over({"phase"});  // whether a message is the last one: no template has a place for it
  return {};
}

ApiResult<void> read_call(const Fields& fields, Json& item, std::vector<std::string>&) {
  QUIRE_TRY_VOID(fields.refuse_unless("caller", {nlohmann::json{{"type", "direct"}}}));
  QUIRE_TRY(item["call_id"], fields.required_text("call_id"));
  QUIRE_TRY(item["name"], fields.required_text("name"));
  QUIRE_TRY(const std::string space, fields.text_or("namespace", ""));
  if (!space.empty()) item["namespace"] = space;
  QUIRE_TRY(std::string arguments, fields.text_or("arguments", "{}"));
  QUIRE_TRY_VOID(check_arguments(arguments, fields.path("arguments")));
  item["arguments"] = std::move(arguments);
  item["status"] = "completed";
  return {};
}

ApiResult<void> read_output(const Fields& fields, Json& item, std::vector<std::string>& unknown) {
  QUIRE_TRY_VOID(fields.refuse_unless("caller", {nlohmann::json{{"type", "direct"}}}));
  fields.pass_over({"name", "namespace"});  // the call has them
  QUIRE_TRY(item["call_id"], fields.required_text("call_id"));
  const nlohmann::json* output = fields.find("output");
  if (output != nullptr && output->is_string()) {
    item["output"] = output->get<std::string>();
  } else {
    QUIRE_TRY(item["output"], read_parts(fields, "output", "input_text", unknown));
  }
  item["status"] = "completed";
  return {};
}

// `summary` or `content` of reasoning: an array of texts.
ApiResult<Json> read_thoughts(const Fields& fields, std::string_view name, std::string_view type_here) {
  QUIRE_TRY(const std::vector<Fields> list, fields.objects(name));
  Json parts = Json::array();
  for (const Fields& part : list) {
    part.pass_over({"type"});
    QUIRE_TRY(std::string text, part.required_text("text"));
    parts.push_back({{"type", type_here}, {"text", std::move(text)}});
  }
  return parts;
}

ApiResult<void> read_thinking(const Fields& fields, Json& item, std::vector<std::string>&) {
  QUIRE_TRY(item["summary"], read_thoughts(fields, "summary", "summary_text"));
  QUIRE_TRY(Json content, read_thoughts(fields, "content", "reasoning_text"));
  if (!content.empty()) item["content"] = std::move(content);
  QUIRE_TRY(const std::string sealed, fields.text_or("encrypted_content", ""));
  if (!sealed.empty()) item["encrypted_content"] = sealed;
  return {};
}

ApiResult<void> read_reference(const Fields& fields, Json& item, std::vector<std::string>&) {
  if (!item.contains("id")) return fields.missing("id");
  return {};
}

ApiResult<void> read_compaction(const Fields& fields, Json& item, std::vector<std::string>&) {
  fields.pass_over({"created_by"});
  QUIRE_TRY(const std::string sealed, fields.required_text("encrypted_content"));
  if (!sealed.starts_with(seal)) {
    return refuse(400, fmt::format("\"{}\" was not made by this kind of server", fields.path("encrypted_content")),
                  fields.path("encrypted_content"));
  }
  item["encrypted_content"] = sealed;
  return {};
}

struct ItemType {
  std::string_view name;
  ApiResult<void> (*read)(const Fields& fields, Json& item, std::vector<std::string>& unknown);
};
constexpr std::array<ItemType, 6> item_types = {{{"message", read_message},
                                                 {"function_call", read_call},
                                                 {"function_call_output", read_output},
                                                 {"reasoning", read_thinking},
                                                 {"item_reference", read_reference},
                                                 {"compaction", read_compaction}}};

ApiResult<Json> read_item(const Fields& fields, std::vector<std::string>& unknown) {
  QUIRE_TRY(std::string type, fields.text_or("type", ""));
  // A message may leave its type out, and so may a reference, which has nothing but an id.
  if (type.empty())
    type = fields.find("role") != nullptr || fields.find("id") == nullptr ? "message" : "item_reference";
  const auto known = std::ranges::find(item_types, std::string_view(type), &ItemType::name);
  if (known == item_types.end()) {
    return refuse(400, fmt::format("\"{}\": items of type {} are not served", fields.path("type"), type),
                  fields.path("type"));
  }
  Json item;
  QUIRE_TRY(const std::string id, fields.text_or("id", ""));
  if (!id.empty()) item["id"] = id;
  item["type"] = type;
  fields.pass_over({"status"});
  QUIRE_TRY_VOID(known->read(fields, item, unknown));
  fields.collect_unread(unknown);
  return item;
}

std::string text_of(const Json& item, const char* name) {
  const auto at = item.find(name);
  return at != item.end() && at->is_string() ? at->get<std::string>() : std::string();
}

// The texts of an array of parts, with a line break between two; a string as it is.
std::string joined(const Json& item, const char* name) {
  const auto at = item.find(name);
  if (at == item.end()) return {};
  if (at->is_string()) return at->get<std::string>();
  std::string text;
  for (size_t i = 0; i < at->size(); ++i) {
    if (i > 0) text += '\n';
    text += text_of((*at)[i], "text");
  }
  return text;
}

std::string thinking_of(const Json& item) {
  std::string text = joined(item, "content");
  if (text.empty()) text = joined(item, "summary");
  if (text.empty()) text = unsealed_text(text_of(item, "encrypted_content"));
  return text;
}

// Messages as they grow, item by item.
class Conversation {
 public:
  ApiResult<void> add(const Json& item) {
    const std::string type = text_of(item, "type");
    if (type == "message") {
      add_message(text_of(item, "role"), joined(item, "content"));
    } else if (type == "reasoning") {
      if (!thinking_.empty()) thinking_ += '\n';
      thinking_ += thinking_of(item);
    } else if (type == "function_call") {
      add_call({.id = text_of(item, "call_id"),
                .name = name_for_model(text_of(item, "namespace"), text_of(item, "name")),
                .arguments = text_of(item, "arguments")});
    } else if (type == "function_call_output") {
      return add_output(item);
    } else if (type == "compaction") {
      add_message("user", "The conversation so far, in short:\n\n" +
                              std::string(unsealed_text(text_of(item, "encrypted_content"))));
    }
    return {};
  }

  std::vector<Message> take() { return std::move(messages_); }

 private:
  void add_message(const std::string& role, std::string content) {
    const bool assistants = role == "assistant";
    // An answer may say something after its calls: their outputs have to follow in the same turn.
    if (assistants && thinking_.empty() && !messages_.empty() && !messages_.back().tool_calls.empty()) {
      std::string& before = messages_.back().content;
      if (!before.empty()) before += '\n';
      before += content;
      return;
    }
    Message message{.role = role, .content = std::move(content)};
    if (assistants && !thinking_.empty()) message.thinking = thinking_;
    thinking_.clear();  // before anybody else's turn it was cut, and led to nothing
    messages_.push_back(std::move(message));
  }

  void add_call(ToolCall call) {
    if (messages_.empty() || messages_.back().role != "assistant" || !thinking_.empty()) add_message("assistant", {});
    names_.insert_or_assign(call.id, call.name);
    messages_.back().tool_calls.push_back(std::move(call));
  }

  ApiResult<void> add_output(const Json& item) {
    const std::string id = text_of(item, "call_id");
    const auto name = names_.find(id);
    if (name == names_.end()) {
      return refuse(400, fmt::format("No tool call found for function call output with call_id {}.", id), "input");
    }
    Message message{.role = "tool", .content = joined(item, "output")};
    message.tool_name = name->second;
    message.tool_call_id = id;
    thinking_.clear();
    messages_.push_back(std::move(message));
    return {};
  }

  std::vector<Message> messages_;
  std::string thinking_;                                // of the assistant's turn that comes next
  std::unordered_map<std::string, std::string> names_;  // of the calls, by their ids
};

}  // namespace

ApiResult<Json> read_items(const Fields& fields, std::vector<std::string>& unknown) {
  Json items = Json::array();
  const nlohmann::json* input = fields.find("input");
  if (input == nullptr) return items;
  if (input->is_string()) {
    const nlohmann::json message = {{"role", "user"}, {"content", *input}};
    QUIRE_TRY(Json item, read_item(Fields(message, "input."), unknown));
    items.push_back(std::move(item));
    return items;
  }
  QUIRE_TRY(const std::vector<Fields> entries, fields.objects("input", "a string or an array of items"));
  for (const Fields& entry : entries) {
    QUIRE_TRY(items.emplace_back(), read_item(entry, unknown));
  }
  return items;
}

ApiResult<std::vector<Message>> messages_of(const Json& items) {
  Conversation conversation;
  for (const Json& item : items) QUIRE_TRY_VOID(conversation.add(item));
  return conversation.take();
}

std::string name_for_model(std::string_view space, std::string_view name) {
  return space.empty() ? std::string(name) : fmt::format("{}__{}", space, name);
}

std::string item_id(std::string_view kind, std::string_view answer_id, std::string_view number) {
  if (answer_id.starts_with(answer_prefix)) answer_id.remove_prefix(answer_prefix.size());
  return fmt::format("{}_{}_{}", kind, answer_id, number);
}

std::string answer_of_item(std::string_view item_id) {
  const size_t begin = item_id.find('_');
  const size_t end = item_id.rfind('_');
  if (begin == std::string_view::npos || end <= begin + 1) return {};
  return std::string(answer_prefix) + std::string(item_id.substr(begin + 1, end - begin - 1));
}

std::string sealed_text(std::string_view text) { return std::string(seal) + std::string(text); }

std::string_view unsealed_text(std::string_view sealed) {
  return sealed.starts_with(seal) ? sealed.substr(seal.size()) : std::string_view();
}

}  // namespace quire::api::responses
