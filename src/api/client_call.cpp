#include "api/client_call.h"

#include <nlohmann/json.hpp>

#include "api/client_json.h"

namespace quire::api {
namespace {

using nlohmann::json;

std::string error_in(const json& object) {
  const auto at = object.find("error");
  if (at == object.end() || at->is_null()) return {};
  if (at->is_string()) return at->get<std::string>();
  const std::string message = at->is_object() ? text_at(*at, "message") : std::string();
  return message.empty() ? at->dump(-1, ' ', false, json::error_handler_t::replace) : message;
}

}  // namespace

std::string text_at(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

int64_t count_at(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number_integer() ? at->get<int64_t>() : -1;
}

bool flag_at(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_boolean() && at->get<bool>();
}

const json& object_at(const json& object, const char* key) {
  static const json none = json::object();
  const auto at = object.find(key);
  return at != object.end() && at->is_object() ? *at : none;
}

nlohmann::ordered_json client_messages(const ClientCall& call) {
  nlohmann::ordered_json messages = nlohmann::ordered_json::array();
  for (const Message& message : call.messages) {
    messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  return messages;
}

void put_sampling(const ClientCall& call, nlohmann::ordered_json& body) {
  body["temperature"] = call.temperature;
  body["seed"] = call.seed;
  if (call.ignore_eos) body["ignore_eos"] = true;
}

std::optional<std::string_view> event_data(std::string_view line) {
  if (!line.starts_with("data:")) return std::nullopt;
  line.remove_prefix(5);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

std::optional<ClientLine> read_json_line(std::string_view text, FunctionRef<void(const json&, ClientLine&)> read) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  ClientLine line;
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) {
    line.error = "a line of the answer is no JSON object: " + std::string(text.substr(0, 60));
    return line;
  }
  line.error = error_in(object);
  read(object, line);
  return line;
}

std::string error_text(std::string_view body) {
  const json object = json::parse(body, nullptr, false);
  const std::string said = object.is_object() ? error_in(object) : std::string();
  return said.empty() ? std::string(body.substr(0, 200)) : said;
}

}  // namespace quire::api
