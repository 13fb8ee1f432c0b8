#include "api/stored.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/fields.h"
#include "api/json_text.h"
#include "api/options.h"
#include "api/request_parts.h"

namespace quire::api {
namespace {

ApiResult<void> apply_stored_options(const std::string& stored, GenerationCall& call) {
  const nlohmann::json options = nlohmann::json::parse(stored, nullptr, false);
  if (!options.is_object()) return refuse(500, "the model's stored parameters are no JSON object");
  nlohmann::json open = nlohmann::json::object();
  for (const auto& [name, value] : options.items()) {
    if (std::ranges::find(call.given_options, native_name(name)) == call.given_options.end()) open[name] = value;
  }
  std::vector<std::string> unknown;  // the log said so when the model was created here
  const auto applied = apply_options(open, call.options, unknown);
  if (!applied) return refuse(500, fmt::format("the model's stored parameters: {}", applied.error().message));
  return {};
}

ApiResult<std::vector<Message>> read_stored_messages(const std::string& stored) {
  const nlohmann::json json = nlohmann::json::parse(stored, nullptr, false);
  std::vector<std::string> unknown;
  auto messages = read_messages(json.is_discarded() ? nlohmann::json::object() : json, stored, unknown);
  if (!messages) return refuse(500, fmt::format("the model's stored messages: {}", messages.error().message));
  return messages;
}

}  // namespace

ApiResult<void> apply_stored(const StoredDefaults& stored, GenerationCall& call) {
  QUIRE_TRY_VOID(apply_stored_options(stored.options, call));
  if (call.raw || !call.context.empty()) return {};
  QUIRE_TRY(std::vector<Message> messages, read_stored_messages(stored.messages));
  if (call.messages.empty()) {
    if (call.system.empty()) call.system = stored.system;
    call.turns_before = std::move(messages);
    return {};
  }
  messages.insert(messages.end(), std::make_move_iterator(call.messages.begin()),
                  std::make_move_iterator(call.messages.end()));
  if (!stored.system.empty() && messages.front().role != "system") {
    messages.insert(messages.begin(), {.role = "system", .content = stored.system});
  }
  call.messages = std::move(messages);
  return {};
}

std::vector<std::pair<std::string, std::string>> option_lines(std::string_view options) {
  const auto json = nlohmann::ordered_json::parse(options, nullptr, false);
  std::vector<std::pair<std::string, std::string>> lines;
  const auto add = [&](const std::string& name, const nlohmann::ordered_json& value) {
    const auto whole = value.is_number_float() ? whole_number(value) : std::nullopt;  // 0.0 is written 0
    lines.emplace_back(name, value.is_string() ? value.get<std::string>()
                             : whole           ? fmt::format("{}", *whole)
                                               : value.dump());
  };
  if (!json.is_object()) return lines;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_array()) add(name, value);
    if (!value.is_array()) continue;
    for (const auto& item : value) add(name, item);
  }
  std::ranges::stable_sort(lines, {}, &std::pair<std::string, std::string>::first);
  return lines;
}

std::vector<std::pair<std::string, std::string>> stored_turns(std::string_view messages) {
  std::vector<std::pair<std::string, std::string>> turns;
  std::vector<std::string> unknown;
  const auto read = read_messages(nlohmann::json::parse(messages, nullptr, false), messages, unknown);
  if (!read) return turns;
  for (const Message& message : *read) turns.emplace_back(message.role, message.content);
  return turns;
}

std::string merged_options(std::string_view options, std::string_view over) {
  nlohmann::ordered_json merged = nlohmann::ordered_json::parse(options, nullptr, false);
  const auto more = nlohmann::ordered_json::parse(over, nullptr, false);
  if (!merged.is_object()) merged = nlohmann::ordered_json::object();
  if (more.is_object()) merged.update(more);
  return merged.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string parameters_text(std::string_view options) {
  const auto json = nlohmann::ordered_json::parse(options, nullptr, false);
  std::string text;
  const auto quoted = [&](const std::string& name) {
    const auto& value = json[name];
    return value.is_string() || (value.is_array() && !value.empty() && value.front().is_string());
  };
  for (const auto& [name, value] : option_lines(options)) {
    if (!text.empty()) text += '\n';
    text += quoted(name) ? fmt::format("{:<30} {}", name, to_text(value)) : fmt::format("{:<30} {}", name, value);
  }
  return text;
}

}  // namespace quire::api
