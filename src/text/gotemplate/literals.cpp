#include "text/gotemplate/literals.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "text/unicode.h"

namespace quire::gotemplate {

namespace {

std::unexpected<Error> bad_literal(std::string_view text) {
  return fail(ErrorKind::invalid, fmt::format("{} is not a literal", text));
}

bool is_hexadecimal_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// A number as it is spelled: sign, base and the rest, without underscores.
struct Spelling {
  bool is_negative = false;
  int base = 10;
  bool has_prefix = false;
  std::string digits;
};

// None when underscores are not between digits, or between a prefix and a digit.
std::optional<Spelling> spelling_of(std::string_view text) {
  Spelling spelling;
  if (text.starts_with('+') || text.starts_with('-')) {
    spelling.is_negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text.size() > 1 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    spelling.base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
    spelling.has_prefix = spelling.base != 10;
    if (spelling.has_prefix) text.remove_prefix(2);
  }
  char before = spelling.has_prefix ? '0' : '\0';
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '_') {
      spelling.digits += c;
    } else if (!is_hexadecimal_digit(before) || i + 1 == text.size() || !is_hexadecimal_digit(text[i + 1])) {
      return std::nullopt;
    }
    before = c;
  }
  return spelling;
}

// Of a number that no float64 can hold: it is too small, not too large.
bool is_fraction(std::string_view digits) {
  const size_t exponent = digits.find_first_of("eEpP");
  if (exponent != std::string_view::npos) return digits.substr(exponent + 1).starts_with('-');
  return digits.substr(0, digits.find('.')).find_first_not_of('0') == std::string_view::npos;
}

Result<Value> float_literal(const Spelling& spelling, std::string_view text) {
  const bool is_hexadecimal = spelling.base == 16;
  if (spelling.digits.empty() || (spelling.has_prefix && !is_hexadecimal)) return bad_literal(text);
  const bool has_binary_exponent = spelling.digits.find_first_of("pP") != std::string::npos;
  if (is_hexadecimal && !has_binary_exponent) return bad_literal(text);
  double number = 0;
  const char* end = spelling.digits.data() + spelling.digits.size();
  const auto [stop, status] = std::from_chars(spelling.digits.data(), end, number,
                                              is_hexadecimal ? std::chars_format::hex : std::chars_format::general);
  if (stop != end || (status != std::errc() && status != std::errc::result_out_of_range)) return bad_literal(text);
  if (status == std::errc::result_out_of_range && !is_fraction(spelling.digits)) {
    return fail(ErrorKind::invalid, fmt::format("{} is too large", text));
  }
  return Value(spelling.is_negative ? -number : number);
}

Result<Value> int_literal(const Spelling& spelling, std::string_view text) {
  int base = spelling.base;
  if (!spelling.has_prefix && spelling.digits.size() > 1 && spelling.digits[0] == '0') base = 8;
  int64_t number = 0;
  const std::string signed_digits = (spelling.is_negative ? "-" : "") + spelling.digits;
  const char* end = signed_digits.data() + signed_digits.size();
  const auto [stop, status] = std::from_chars(signed_digits.data(), end, number, base);
  if (status == std::errc::result_out_of_range) {
    return fail(ErrorKind::invalid, fmt::format("{} does not fit an int", text));
  }
  if (status != std::errc() || stop != end || spelling.digits.front() == '-') return bad_literal(text);
  return Value(number);
}

// The value of `count` digits, which are gone from text afterwards; none when they are not there.
std::optional<uint32_t> take_digits(std::string_view& text, size_t count, int base) {
  uint32_t number = 0;
  if (text.size() < count) return std::nullopt;
  const char* end = text.data() + count;
  const auto [stop, status] = std::from_chars(text.data(), end, number, base);
  if (status != std::errc() || stop != end) return std::nullopt;
  text.remove_prefix(count);
  return number;
}

bool is_code_point(uint32_t value) { return value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF); }

struct Character {
  uint32_t value = 0;
  bool is_byte = false;  // from \x or an octal escape: one byte, whatever it means
};

// Takes one character or escape from the front of text; none when it is not valid between these quotes.
std::optional<Character> take_character(std::string_view& text, char quote) {
  if (text.front() != '\\') {
    const CodePoint point = code_point_at(text, 0);
    text.remove_prefix(point.size_bytes);
    return Character{.value = static_cast<uint32_t>(point.value)};
  }
  if (text.size() < 2) return std::nullopt;
  const char escape = text[1];
  constexpr std::string_view letters = "abfnrtv\\", meanings = "\a\b\f\n\r\t\v\\";
  if (const size_t simple = letters.find(escape); simple != std::string_view::npos || escape == quote) {
    text.remove_prefix(2);
    return Character{.value = static_cast<unsigned char>(escape == quote ? quote : meanings[simple])};
  }
  const bool is_octal = escape >= '0' && escape <= '7';
  const size_t digits = is_octal ? 3 : escape == 'x' ? 2 : escape == 'u' ? 4 : escape == 'U' ? 8 : 0;
  if (digits == 0) return std::nullopt;
  text.remove_prefix(is_octal ? 1 : 2);
  const auto value = take_digits(text, digits, is_octal ? 8 : 16);
  if (!value) return std::nullopt;
  const bool is_byte = digits < 4;
  if (is_byte ? *value > 0xFF : !is_code_point(*value)) return std::nullopt;
  return Character{.value = *value, .is_byte = is_byte};
}

}  // namespace

Result<Value> number_literal(std::string_view text) {
  if (text.ends_with('i')) return fail(ErrorKind::unsupported, fmt::format("complex numbers ({})", text));
  const auto spelling = spelling_of(text);
  if (!spelling || spelling->digits.empty()) return bad_literal(text);
  const bool is_float = spelling->digits.find_first_of(spelling->base == 16 ? ".pP" : ".eE") != std::string::npos;
  return is_float ? float_literal(*spelling, text) : int_literal(*spelling, text);
}

Result<Value> character_literal(std::string_view text) {
  std::string_view rest = text.substr(1, text.size() - 2);
  if (rest.empty()) return bad_literal(text);
  const auto character = take_character(rest, '\'');
  if (!character || !rest.empty()) return bad_literal(text);
  return Value(static_cast<int64_t>(character->value));
}

Result<std::string> string_literal(std::string_view text) {
  std::string_view rest = text.substr(1, text.size() - 2);
  std::string out;
  if (text.front() == '`') {
    std::copy_if(rest.begin(), rest.end(), std::back_inserter(out), [](char c) { return c != '\r'; });
    return out;
  }
  while (!rest.empty()) {
    if (rest.front() != '\\') {
      out += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    const auto character = take_character(rest, '"');
    if (!character) return bad_literal(text);
    if (character->is_byte) {
      out += static_cast<char>(character->value);
    } else {
      append_code_point(out, static_cast<int32_t>(character->value));
    }
  }
  return out;
}

}  // namespace quire::gotemplate
