#include "api/json_text.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace quire::api {
namespace {

// Counts brackets and separators outside strings. Says nothing about whether the text is JSON.
ApiResult<void> check_shape(std::string_view text, const JsonLimits& limits) {
  int depth = 0;
  int64_t values = 1;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++values;
      if (++depth > limits.depth_max) {
        return refuse(400,
                      fmt::format("invalid JSON: nested more than {} levels deep at byte {}", limits.depth_max, i));
      }
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ',') {
      ++values;
    }
  }
  if (values > limits.values_max) {
    return refuse(413, fmt::format("request body too large: more than {} JSON values", limits.values_max));
  }
  return {};
}

// The UTF-16 unit of an escape at text[at], "\\uXXXX"; none: there is no such escape.
std::optional<uint16_t> escaped_unit(std::string_view text, size_t at) {
  constexpr size_t escape_bytes = 6;
  if (text.size() < escape_bytes || at > text.size() - escape_bytes || text[at] != '\\' || text[at + 1] != 'u') {
    return std::nullopt;
  }
  uint16_t unit = 0;
  const char* digits = text.data() + at + 2;
  const auto [end, error] = std::from_chars(digits, digits + 4, unit, 16);
  return error == std::errc() && end == digits + 4 ? std::optional(unit) : std::nullopt;
}

// Where the escapes of half a pair begin. An escape stands in a string; elsewhere it is an error of the parser's.
std::vector<size_t> halves_of_pairs(std::string_view text) {
  std::vector<size_t> halves;
  size_t at = 0;
  while ((at = text.find('\\', at)) != std::string_view::npos) {
    const std::optional<uint16_t> unit = escaped_unit(text, at);
    if (!unit) {
      at += 2;  // "\\\\" and the like
      continue;
    }
    const bool is_high = *unit >= 0xD800 && *unit < 0xDC00;
    const bool is_low = *unit >= 0xDC00 && *unit < 0xE000;
    const std::optional<uint16_t> next = is_high ? escaped_unit(text, at + 6) : std::nullopt;
    if (next && *next >= 0xDC00 && *next < 0xE000) {
      at += 12;
      continue;
    }
    if (is_high || is_low) halves.push_back(at);
    at += 6;
  }
  return halves;
}

}  // namespace

ApiResult<nlohmann::json> parse_body(std::string_view body, const JsonLimits& limits) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return refuse(400, "missing request body");
  QUIRE_TRY_VOID(check_shape(body, limits));
  std::string mended;
  if (const std::vector<size_t> halves = halves_of_pairs(body); !halves.empty()) {
    mended = body;
    for (const size_t half : halves) mended.replace(half + 2, 4, "fffd");
    body = mended;
  }
  try {
    nlohmann::json parsed = nlohmann::json::parse(body.begin(), body.end());
    if (!parsed.is_object()) {
      return refuse(400, fmt::format("the request body must be a JSON object, got {}", type_phrase(parsed)));
    }
    return parsed;
  } catch (const nlohmann::json::parse_error& error) {
    return refuse(400, fmt::format("invalid JSON at byte {}", error.byte));
  } catch (const nlohmann::json::exception&) {
    return refuse(400, "invalid JSON: a number is out of range");
  }
}

std::string to_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

nlohmann::ordered_json bytes_json(std::string_view text) {
  nlohmann::ordered_json bytes = nlohmann::ordered_json::array();
  for (const char c : text) bytes.push_back(static_cast<unsigned char>(c));
  return bytes;
}

std::string_view type_phrase(const nlohmann::json& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::null:
      return "null";
    case nlohmann::json::value_t::object:
      return "an object";
    case nlohmann::json::value_t::array:
      return "an array";
    case nlohmann::json::value_t::string:
      return "a string";
    case nlohmann::json::value_t::boolean:
      return "a boolean";
    default:
      return "a number";
  }
}

}  // namespace quire::api
