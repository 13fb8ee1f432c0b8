#include "api/as_written.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/json_text.h"

namespace quire::api {
namespace {

constexpr std::string_view blanks = " \t\r\n";

size_t skip_blanks(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of(blanks, at), text.size());
}

// Behind the string that begins at `at`.
size_t string_end(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

// Behind the value that begins at `at`.
size_t value_end(std::string_view text, size_t at) {
  size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = string_end(text, at);
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return at;  // of what the value stands in
      if (--depth == 0) return at + 1;
    }
    if (depth == 0 && (c == ',' || blanks.find(c) != std::string_view::npos)) return at;
    ++at;
  }
  return at;
}

}  // namespace

std::string_view member_text(std::string_view object, std::string_view name) {
  std::string_view found;
  size_t at = skip_blanks(object, 0);
  if (at >= object.size() || object[at] != '{') return found;
  for (at = skip_blanks(object, at + 1); at < object.size() && object[at] == '"';) {
    const size_t key_end = string_end(object, at);
    const std::string_view key = object.substr(at + 1, key_end - at - 2);
    const size_t colon = skip_blanks(object, key_end);
    const size_t begin = skip_blanks(object, colon + 1);
    const size_t end = value_end(object, begin);
    if (key == name) found = object.substr(begin, end - begin);
    at = skip_blanks(object, end);
    if (at >= object.size() || object[at] != ',') break;
    at = skip_blanks(object, at + 1);
  }
  return found;
}

std::vector<std::string_view> element_texts(std::string_view array) {
  std::vector<std::string_view> elements;
  size_t at = skip_blanks(array, 0);
  if (at >= array.size() || array[at] != '[') return elements;
  at = skip_blanks(array, at + 1);
  while (at < array.size() && array[at] != ']') {
    const size_t end = value_end(array, at);
    elements.push_back(array.substr(at, end - at));
    at = skip_blanks(array, end);
    if (at >= array.size() || array[at] != ',') break;
    at = skip_blanks(array, at + 1);
  }
  return elements;
}

std::string as_written(const nlohmann::json& value, std::string_view text) {
  if (!text.empty() && nlohmann::json::parse(text, nullptr, false) == value) return std::string(text);
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

ApiResult<nlohmann::ordered_json> parse_in_order(std::string_view text, const std::string& field) {
  constexpr size_t members_max = 2000;
  constexpr int depth_max = JsonLimits().depth_max;
  std::vector<size_t> members;  // of each object that is open
  bool many = false;
  bool deep = false;
  using Json = nlohmann::ordered_json;
  const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json&) {
    const bool begins = event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    deep = deep || (begins && depth >= depth_max);
    if (event == Json::parse_event_t::object_start) members.push_back(0);
    if (event == Json::parse_event_t::object_end && !members.empty()) members.pop_back();
    if (event == Json::parse_event_t::key && !members.empty()) many = ++members.back() > members_max || many;
    return !many && !deep;
  };
  Json value = Json::parse(text, watch, false);
  if (many) return refuse(400, fmt::format("\"{}\" has an object of more than {} members", field, members_max), field);
  if (deep) return refuse(400, fmt::format("\"{}\" is nested more than {} levels deep", field, depth_max), field);
  if (value.is_discarded()) return refuse(400, fmt::format("\"{}\" is no JSON", field), field);
  return value;
}

}  // namespace quire::api
