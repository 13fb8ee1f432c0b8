#include "store/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace quire::store {
namespace {

constexpr int depth_max = 32;

std::string number_text(double number) {
  if (!std::isfinite(number)) return "null";  // of no document, but a GGUF file's metadata may hold one
  const double size = std::fabs(number);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
  std::array<char, 400> text{};  // more than the digits of any double
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number,
                                          plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string written(text.data(), error == std::errc() ? end : text.data());
  // An exponent has two digits here and as few as it needs in Go: 1e-07 and 1e-7.
  if (const size_t e = written.find('e'); e != std::string::npos && written[e + 2] == '0') written.erase(e + 2, 1);
  return written;
}

void write_string(std::string& out, const Json& text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> escapes = {
      {{"<", "\\u003c"}, {">", "\\u003e"}, {"&", "\\u0026"}, {"\u2028", "\\u2028"}, {"\u2029", "\\u2029"}}};
  const std::string whole = text.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (std::string_view rest = whole; !rest.empty();) {
    const auto escape = std::ranges::find_if(escapes, [&](const auto& known) { return rest.starts_with(known.first); });
    const bool plain = escape == escapes.end();
    out += plain ? rest.substr(0, 1) : escape->second;
    rest.remove_prefix(plain ? 1 : escape->first.size());
  }
}

void write(std::string& out, const Json& value) {
  if (value.is_object()) {
    out += '{';
    for (const auto& [name, member] : value.items()) {
      if (out.back() != '{') out += ',';
      write_string(out, name);
      out += ':';
      write(out, member);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (const Json& item : value) {
      if (out.back() != '[') out += ',';
      write(out, item);
    }
    out += ']';
  } else if (value.is_string()) {
    write_string(out, value);
  } else if (value.is_number_float()) {
    out += number_text(value.get<double>());
  } else {
    out += value.dump();
  }
}

}  // namespace

Json parse_json(std::string_view text) {
  bool deep = false;
  const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json&) {
    const bool begins = event == Json::parse_event_t::array_start || event == Json::parse_event_t::object_start;
    deep = deep || (begins && depth >= depth_max);
    return !deep;
  };
  Json value = Json::parse(text, watch, false);
  return deep ? Json(Json::value_t::discarded) : value;
}

std::string json_text(const Json& value) {
  std::string out;
  write(out, value);
  return out;
}

std::string sorted_json_text(const Json& value) { return json_text(Json(nlohmann::json(value))); }

}  // namespace quire::store
