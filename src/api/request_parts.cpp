#include "api/request_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "api/duration.h"
#include "api/json_text.h"
#include "base/ascii.h"

namespace quire::api {
namespace {

// The text of a message's content: a string, or parts of type text with a line break between two.
ApiResult<std::string> read_content(const Fields& message) {
  const nlohmann::json* content = message.find("content");
  if (content == nullptr) return std::string();
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) {
    return refuse(400, fmt::format("\"{}\" must be a string or an array of parts, got {}", message.path("content"),
                                   type_phrase(*content)), message.path("content"));
  }
  std::string result;
  for (size_t i = 0; i < content->size(); ++i) {
    const std::string path = fmt::format("{}[{}]", message.path("content"), i);
    const nlohmann::json& part = (*content)[i];
    if (!part.is_object()) {
      return refuse(400, fmt::format("\"{}\" must be an object, got {}", path, type_phrase(part)), path);
    }
    const Fields fields(part, path + ".");
    QUIRE_TRY(const std::string type, fields.text_or("type", ""));
    if (type != "text") return refuse_unsupported(fmt::format("{}.{}", path, type.empty() ? "type" : type));
    QUIRE_TRY(const std::string text, fields.text_or("text", ""));
    if (i > 0) result += '\n';
    result += text;
  }
  return result;
}

// Where a request stands in the queue, how long it may take, and with whom it shares.
ApiResult<void> read_scheduling(const Fields& fields, GenerationCall& call) {
  constexpr int64_t year_ms = int64_t{365} * 24 * 3600 * 1000;
  constexpr size_t salt_bytes_max = 256;
  QUIRE_TRY(const std::optional<int64_t> priority, fields.integer("priority", 0, 7));
  if (priority) call.priority = static_cast<uint8_t>(*priority);
  QUIRE_TRY(call.user, fields.text_or("user", ""));
  QUIRE_TRY(call.cache_salt, fields.text_or("cache_salt", ""));
  if (call.cache_salt.size() > salt_bytes_max) {
    return refuse(400, fmt::format("\"cache_salt\" must have at most {} bytes, got {}", salt_bytes_max,
                                   call.cache_salt.size()), "cache_salt");
  }
  QUIRE_TRY(call.deadline_ms, fields.integer("deadline_ms", 1, year_ms));
  QUIRE_TRY(call.queue_timeout_ms, fields.integer("queue_timeout_ms", 1, year_ms));
  return {};
}

}  // namespace

ApiResult<std::string> read_model(const Fields& fields) {
  QUIRE_TRY(std::string model, fields.text_or("model", ""));
  if (model.empty()) return refuse(400, "model is required", "model");
  return model;
}

ApiResult<std::optional<int64_t>> read_keep_alive(const Fields& fields) {
  const nlohmann::json* value = fields.find("keep_alive");
  if (value == nullptr) return std::nullopt;
  int64_t ns = 0;
  if (value->is_number()) {
    const auto parsed = parse_duration_ns(fmt::format("{:f}", value->get<double>()));
    if (!parsed) return refuse(400, "\"keep_alive\" is not a number of seconds", "keep_alive");
    ns = *parsed;
  } else if (value->is_string()) {
    const auto parsed = parse_duration_ns(value->get_ref<const std::string&>());
    if (!parsed) return refuse(400, fmt::format("\"keep_alive\": {}", parsed.error().message), "keep_alive");
    ns = *parsed;
  } else {
    return refuse(400, fmt::format("\"keep_alive\" must be a duration or a number of seconds, got {}",
                                   type_phrase(*value)), "keep_alive");
  }
  return ns < 0 ? keep_alive_forever : ns;
}

ApiResult<void> read_common(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(call.stream, fields.boolean_or("stream", call.stream));
  QUIRE_TRY(call.options.ignore_eos, fields.boolean_or("ignore_eos", call.options.ignore_eos));
  QUIRE_TRY(call.options.cache_prompt, fields.boolean_or("cache_prompt", call.options.cache_prompt));
  QUIRE_TRY(call.keep_alive_ns, read_keep_alive(fields));
  return read_scheduling(fields, call);
}

ApiResult<void> read_logprobs(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const bool wanted, fields.boolean_or("logprobs", false));
  QUIRE_TRY(const std::optional<int64_t> top, fields.integer("top_logprobs", 0, 20));
  if (top && *top > 0 && !wanted) {
    return refuse(400, "\"top_logprobs\" needs \"logprobs\" to be true", "top_logprobs");
  }
  if (wanted) call.logprobs_top_n = static_cast<int32_t>(top.value_or(0));
  return {};
}

ApiResult<std::vector<Message>> read_messages(const nlohmann::json& messages) {
  if (!messages.is_array()) {
    return refuse(400, fmt::format("\"messages\" must be an array, got {}", type_phrase(messages)), "messages");
  }
  std::vector<Message> result;
  result.reserve(messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string path = fmt::format("messages[{}]", i);
    if (!messages[i].is_object()) {
      return refuse(400, fmt::format("\"{}\" must be an object, got {}", path, type_phrase(messages[i])), path);
    }
    const Fields fields(messages[i], path + ".");
    QUIRE_TRY_VOID(fields.refuse_set({"images", "audio", "tool_calls", "function_call"}));
    Message message;
    QUIRE_TRY(const std::string role, fields.text_or("role", ""));
    message.role = lower_case(role);
    if (message.role.empty()) return refuse(400, fmt::format("\"{}.role\" is required", path), path + ".role");
    QUIRE_TRY(message.content, read_content(fields));
    QUIRE_TRY(message.thinking, fields.text("thinking"));
    QUIRE_TRY(message.name, fields.text("name"));
    QUIRE_TRY(message.tool_name, fields.text("tool_name"));
    QUIRE_TRY(message.tool_call_id, fields.text("tool_call_id"));
    result.push_back(std::move(message));
  }
  return result;
}

ApiResult<std::vector<TokenId>> read_token_ids(const nlohmann::json& array, const std::string& name) {
  std::vector<TokenId> result;
  result.reserve(array.size());
  for (const nlohmann::json& item : array) {
    const std::optional<int64_t> id = item.is_number() ? whole_number(item) : std::nullopt;
    if (!id || *id < 0 || *id > std::numeric_limits<TokenId>::max()) {
      return refuse(400, fmt::format("\"{}\" must hold token ids, got {}", name,
                                     item.is_number() ? item.dump() : std::string(type_phrase(item))), name);
    }
    result.push_back(static_cast<TokenId>(*id));
  }
  return result;
}

}  // namespace quire::api
