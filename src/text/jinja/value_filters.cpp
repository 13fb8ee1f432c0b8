// Filters on single values: numbers, defaults, JSON.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/jinja/arithmetic.h"
#include "text/jinja/operators.h"
#include "text/jinja/render.h"
#include "text/jinja/text_operations.h"
#include "text/jinja/to_text.h"
#include "text/unicode.h"

namespace quire::jinja {

namespace {

Result<Value> absolute(Render&, const Value& subject, const Args&) {
  Int number = 0;
  if (as_int(subject, number)) return Value(number < 0 ? static_cast<Int>(-number) : number);
  if (const double* real = subject.as<double>()) return Value(std::fabs(*real));
  return template_error(fmt::format("bad operand type for abs(): '{}'", type_name(subject)));
}

Result<Value> attribute(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "attr", {"name"}, 1));
  QUIRE_TRY(const Str name, text_argument(bound[0], "attr"));
  // Items of a dict are no attributes.
  if (subject.dict() && !find_method(subject, name->bytes)) {
    return render.undefined(fmt::format("'dict object' has no attribute '{}'", name->bytes));
  }
  return render.get_attribute(subject, name->bytes);
}

Result<Value> default_value(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "default", {"default_value", "boolean"}));
  const bool is_missing = subject.is_undefined() || (flag_argument(bound[1], false) && !is_true(subject));
  if (!is_missing) return subject;
  return bound[0] ? *bound[0] : render.heap().text("");
}

std::string without_underscores(std::string_view text) {
  const ByteRange range = trim_space(text, true, true);
  std::string digits(text.substr(range.begin, range.end - range.begin));
  // An underscore may stand between two digits only.
  for (size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] == '_' && (i == 0 || i + 1 == digits.size() || digits[i - 1] == '_' || digits[i + 1] == '_'))
      return {};
  }
  std::erase(digits, '_');
  return digits;
}

// Python's int(text, base), for what fits.
std::optional<Int> parse_int(std::string_view text, int base) {
  std::string digits = without_underscores(text);
  const bool is_negative = digits.starts_with('-');
  if (is_negative || digits.starts_with('+')) digits.erase(0, 1);
  if (digits.size() > 2 && digits[0] == '0') {
    const char prefix = static_cast<char>(digits[1] | 0x20);
    const int named = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
    if (named != 0 && (base == 0 || base == named)) {
      base = named;
      digits.erase(0, 2);
    }
  }
  if (base == 0) base = 10;
  if (base < 2 || base > 36 || digits.empty() || digits.size() > 36) return std::nullopt;
  Int value = 0;
  for (const char c : digits) {
    const int lower = c | 0x20;
    const int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
    if (digit >= base || value > (Int{1} << 120)) return std::nullopt;
    value = value * base + digit;
  }
  return is_negative ? -value : value;
}

std::optional<double> parse_real(std::string_view text) {
  std::string digits = without_underscores(text);
  if (digits.starts_with("+-")) return std::nullopt;
  if (digits.starts_with('+')) digits.erase(0, 1);
  double value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool is_whole = end == digits.data() + digits.size() && !digits.empty() && digits.back() != ')';
  if (is_whole && status == std::errc::result_out_of_range) return std::strtod(digits.c_str(), nullptr);
  return is_whole && status == std::errc() ? std::optional(value) : std::nullopt;
}

Result<Value> to_int(Render&, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "int", {"default", "base"}));
  QUIRE_TRY(const Int base, int_argument(bound[1], "int", 10));
  const Value otherwise = bound[0] ? *bound[0] : integer(int64_t{0});
  Int number = 0;
  if (as_int(subject, number)) return Value(number);
  std::optional<double> real;
  if (const MarkedText* text = subject.text()) {
    if (const auto parsed = parse_int(text->bytes, static_cast<int>(std::clamp<Int>(base, -1, 37))))
      return Value(*parsed);
    real = parse_real(text->bytes);
  } else if (const double* value = subject.as<double>()) {
    real = *value;
  }
  if (!real || !std::isfinite(*real)) return otherwise;
  return truncate_to_int(*real);
}

Result<Value> to_real(Render&, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "float", {"default"}));
  double number = 0;
  if (as_double(subject, number)) return Value(number);
  if (const MarkedText* text = subject.text()) {
    if (const auto parsed = parse_real(text->bytes)) return Value(*parsed);
  }
  return bound[0] ? *bound[0] : Value(0.0);
}

Result<Value> round_number(Render&, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "round", {"precision", "method"}));
  QUIRE_TRY(const Int precision, int_argument(bound[0], "round", 0));
  QUIRE_TRY(const Str method, text_argument(bound[1], "round", shared_text("common")));
  double value = 0;
  if (!as_double(subject, value))
    return template_error(fmt::format("round() expects a number, not {}", type_name(subject)));
  if (precision < -300 || precision > 300) return template_error("round(): the precision is out of range");
  const int digits = static_cast<int>(precision);
  const double scale = std::pow(10.0, digits);
  if (method->bytes == "ceil") return Value(std::ceil(value * scale) / scale);
  if (method->bytes == "floor") return Value(std::floor(value * scale) / scale);
  if (method->bytes != "common") return template_error("round(): the method must be common, ceil or floor");
  Int whole = 0;
  if (as_int(subject, whole) && digits >= 0) return Value(whole);
  if (!std::isfinite(value)) return subject;
  double rounded = 0;
  if (digits >= 0) {
    // Decimal digits of the exact binary value, halves to even: what Python's round gives.
    const std::string text = fmt::format("{:.{}f}", value, digits);
    std::from_chars(text.data(), text.data() + text.size(), rounded);
  } else {
    const double unit = std::pow(10.0, -digits);
    rounded = std::nearbyint(value / unit) * unit;
  }
  return subject.is<double>() ? Result<Value>(Value(rounded)) : truncate_to_int(rounded);
}

Result<Value> to_json(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "tojson", {"ensure_ascii", "indent", "separators", "sort_keys"}));
  JsonStyle style;
  style.ascii_only = flag_argument(bound[0], false);
  style.sorts_keys = flag_argument(bound[3], false);
  if (bound[1] && !bound[1]->is_none()) {
    style.has_indent = true;
    style.item_separator = plain_text(",");
    if (bound[1]->text()) {
      style.indent = *bound[1]->text();
    } else {
      QUIRE_TRY(const Int width, int_argument(bound[1], "tojson", 0));
      style.indent = plain_text(std::string(static_cast<size_t>(std::clamp<Int>(width, 0, 1000)), ' '));
    }
  }
  if (bound[2] && !bound[2]->is_none()) {
    QUIRE_TRY(const std::vector<Value> separators, render.collect(*bound[2]));
    if (separators.size() != 2 || !separators[0].text() || !separators[1].text()) {
      return template_error("tojson(): separators must be two strings");
    }
    style.item_separator = *separators[0].text();
    style.key_separator = *separators[1].text();
  }
  TextBuilder out;
  QUIRE_TRY_VOID(append_json(render, out, subject, style));
  return render.heap().text(out.take());
}

constexpr FilterEntry filters[] = {
    {{"abs", absolute}}, {{"attr", attribute}}, {{"default", default_value}}, {{"d", default_value}},
    {{"int", to_int}},   {{"float", to_real}},  {{"round", round_number}},    {{"tojson", to_json}},
};

}  // namespace

std::span<const FilterEntry> value_filters() { return filters; }

}  // namespace quire::jinja
