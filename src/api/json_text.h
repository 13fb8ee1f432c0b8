// JSON as text: reading what a stranger sent within bounds, writing what may hold any bytes.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "api/error.h"

namespace quire::api {

// Bounds on a body's shape, so that its parsed form is not much larger than the body.
struct JsonLimits {
  int depth_max = 64;
  int64_t values_max = 2'000'000;
};

// The object that `body` holds. Half a surrogate pair in an escape (\ud83d) is U+FFFD, as in Go: clients that count in
// UTF-16 cut texts there. Empty: "missing request body"; broken, too deep or not an object: 400; too many
// values: 413. The bounds are checked before anything is built.
ApiResult<nlohmann::json> parse_body(std::string_view body, const JsonLimits& limits = {});

// Compact text; bytes that are not UTF-8 become U+FFFD.
std::string to_text(const nlohmann::ordered_json& value);

// The text as a JSON string with its quotes, in ASCII; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

// A token's text as the list of its bytes.
nlohmann::ordered_json bytes_json(std::string_view text);

// "a string", "an array" and so on: how messages call a value's type.
std::string_view type_phrase(const nlohmann::json& value);

}  // namespace quire::api
