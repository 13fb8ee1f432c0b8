#include "text/gotemplate/number_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace quire::gotemplate {

namespace {

// 0.d1d2d3... times ten to the power of `point`.
struct Decimal {
  std::string digits;  // without zeros at the end; "0" for zero
  int point = 0;
};

std::string converted(double number, std::chars_format format, std::optional<int> precision) {
  std::string text(static_cast<size_t>(precision.value_or(0)) + 400, '\0');
  char* end = text.data() + text.size();
  const auto result = precision ? std::to_chars(text.data(), end, number, format, *precision)
                                : std::to_chars(text.data(), end, number, format);
  text.resize(static_cast<size_t>(result.ptr - text.data()));
  return text;
}

// The fewest digits that read back as the number, or that many significant digits. REQUIRES: number is finite, >= 0.
Decimal decimal_of(double number, std::optional<int> significant) {
  const std::string text =
      converted(number, std::chars_format::scientific, significant ? std::optional(*significant - 1) : std::nullopt);
  const size_t e = text.find('e');
  Decimal decimal;
  std::copy_if(text.begin(), text.begin() + static_cast<ptrdiff_t>(e), std::back_inserter(decimal.digits),
               [](char c) { return c != '.'; });
  decimal.digits.erase(std::max<size_t>(decimal.digits.find_last_not_of('0') + 1, 1));
  decimal.point = number == 0 ? 1 : std::atoi(text.c_str() + e + 1) + 1;
  return decimal;
}

// 123.45 without an exponent.
std::string positional(const Decimal& decimal) {
  const auto size = static_cast<int>(decimal.digits.size());
  if (decimal.point <= 0) return "0." + std::string(static_cast<size_t>(-decimal.point), '0') + decimal.digits;
  if (decimal.point >= size) return decimal.digits + std::string(static_cast<size_t>(decimal.point - size), '0');
  const auto whole = static_cast<size_t>(decimal.point);
  return decimal.digits.substr(0, whole) + "." + decimal.digits.substr(whole);
}

// 1.2345e+02; at least `exponent_digits` of the exponent.
std::string with_exponent(const Decimal& decimal, char e, int exponent_digits) {
  const int exponent = decimal.point - 1;
  const std::string fraction = decimal.digits.size() > 1 ? "." + decimal.digits.substr(1) : "";
  return fmt::format("{}{}{}{}{:0{}}", decimal.digits[0], fraction, e, exponent < 0 ? '-' : '+', std::abs(exponent),
                     exponent_digits);
}

std::string general(double number, std::optional<int> precision, char e) {
  const Decimal decimal = decimal_of(number, precision ? std::optional(std::max(*precision, 1)) : std::nullopt);
  const auto size = static_cast<int>(decimal.digits.size());
  int limit = precision ? std::max(*precision, 1) : 6;
  if (precision && limit > size && size >= decimal.point) limit = size;
  const int exponent = decimal.point - 1;
  return exponent < -4 || exponent >= limit ? with_exponent(decimal, e, 2) : positional(decimal);
}

}  // namespace

std::string float_text(double number, char format, std::optional<int> precision) {
  if (std::isnan(number)) return "NaN";
  const std::string sign = std::signbit(number) ? "-" : "";
  const double size = std::fabs(number);
  if (std::isinf(number)) return sign.empty() ? "+Inf" : "-Inf";
  switch (format) {
    case 'e':
    case 'E': {
      std::string text = precision ? converted(size, std::chars_format::scientific, precision)
                                   : with_exponent(decimal_of(size, std::nullopt), 'e', 2);
      if (format == 'E') std::replace(text.begin(), text.end(), 'e', 'E');
      return sign + text;
    }
    case 'f':
      return sign + (precision ? converted(size, std::chars_format::fixed, precision)
                               : positional(decimal_of(size, std::nullopt)));
    default:
      return sign + general(size, precision, format == 'G' ? 'E' : 'e');
  }
}

std::string json_number(double number) {
  const Decimal decimal = decimal_of(std::fabs(number), std::nullopt);
  const bool is_plain = number == 0 || (decimal.point > -6 && decimal.point <= 21);
  return (std::signbit(number) ? "-" : "") + (is_plain ? positional(decimal) : with_exponent(decimal, 'e', 1));
}

std::string digits_of(uint64_t number, unsigned base) {
  std::string text(64, '\0');
  const auto result = std::to_chars(text.data(), text.data() + text.size(), number, static_cast<int>(base));
  text.resize(static_cast<size_t>(result.ptr - text.data()));
  return text;
}

}  // namespace quire::gotemplate
