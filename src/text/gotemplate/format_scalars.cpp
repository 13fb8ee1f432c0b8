// The verbs of booleans, numbers and texts.
#include <fmt/format.h>

#include <algorithm>

#include "text/gotemplate/format.h"
#include "text/gotemplate/number_text.h"
#include "text/unicode.h"

namespace quire::gotemplate {

namespace {

constexpr int32_t replacement_character = 0xFFFD;
constexpr int32_t invalid_byte_min = 0xDC80, invalid_byte_max = 0xDCFF;  // what code_point_at makes of one

bool is_surrogate(int64_t value) { return value >= 0xD800 && value <= 0xDFFF; }

void make_upper(std::string& text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
}

std::string character(int64_t code_point) {
  const bool is_valid = code_point >= 0 && code_point <= 0x10FFFF && !is_surrogate(code_point);
  std::string out;
  append_code_point(out, is_valid ? static_cast<int32_t>(code_point) : replacement_character);
  return out;
}

// How a code point stands in a quoted text; empty: as it is.
std::string escaped(int32_t value, char quote, bool ascii) {
  constexpr std::string_view letters = "abfnrtv", meanings = "\a\b\f\n\r\t\v";
  if (value == quote || value == '\\') return {'\\', static_cast<char>(value)};
  if (value >= invalid_byte_min && value <= invalid_byte_max) return fmt::format("\\x{:02x}", value & 0xFF);
  if (value < 0x80 ? value >= 0x20 && value != 0x7F : !ascii && is_printable(value)) return {};
  const size_t known = value < 0x80 ? meanings.find(static_cast<char>(value)) : std::string_view::npos;
  if (known != std::string_view::npos) return {'\\', letters[known]};
  if (value < 0x20 || value == 0x7F) return fmt::format("\\x{:02x}", value);
  return value < 0x10000 ? fmt::format("\\u{:04x}", value) : fmt::format("\\U{:08x}", value);
}

// The bytes of a text in base 16; the digits of the user's bytes are the user's.
MarkedText hexadecimal(const MarkedText& text, const Verb& verb) {
  const std::string_view digits = verb.letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  const std::string_view prefix = !verb.sharp ? "" : verb.letter == 'X' ? "0X" : "0x";
  TextBuilder out;
  for (size_t at = 0; at < text.bytes.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text.bytes[at]);
    const char pair[] = {digits[byte >> 4], digits[byte & 15]};
    if (verb.space && at > 0) out.append(" ");
    if (verb.space || at == 0) out.append(prefix);
    out.append(std::string_view(pair, 2), is_user_byte(text, at));
  }
  return out.take();
}

// One line, and nothing that a raw string cannot hold.
bool fits_raw_string(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    at += point.size_bytes;
    const bool is_control = (point.value < 0x20 && point.value != '\t') || point.value == 0x7F;
    if (is_control || point.value == '`' || point.value == 0xFEFF || is_surrogate(point.value)) return false;
  }
  return true;
}

}  // namespace

MarkedText quoted(const MarkedText& text, char quote, bool ascii) {
  TextBuilder out;
  out.append(std::string_view(&quote, 1));
  for (size_t at = 0; at < text.bytes.size();) {
    const CodePoint point = code_point_at(text.bytes, at);
    const std::string escape = escaped(point.value, quote, ascii);
    if (escape.empty()) {
      out.append(text, at, at + point.size_bytes);
    } else {
      out.append(escape, is_user_byte(text, at));
    }
    at += point.size_bytes;
  }
  out.append(std::string_view(&quote, 1));
  return out.take();
}

Formatter::Status Formatter::boolean(bool value, const Verb& verb) {
  if (verb.letter != 't' && verb.letter != 'v') return mismatch(Value(value), verb);
  return padded(value ? "true" : "false", verb);
}

Formatter::Status Formatter::integer(int64_t value, const Verb& verb) {
  Verb blank_padded = verb;
  blank_padded.zero = false;
  unsigned base = 10;
  switch (verb.letter) {
    case 'v':
    case 'd':
      break;
    case 'b':
      base = 2;
      break;
    case 'o':
    case 'O':
      base = 8;
      break;
    case 'x':
    case 'X':
      base = 16;
      break;
    case 'c':
      return padded(character(value), verb);
    case 'q':
      return padded(quoted(marked_text(character(value), own_text_is_user_), '\'', verb.plus), verb);
    case 'U': {
      const auto number = static_cast<uint64_t>(value);
      std::string text = fmt::format("U+{:0{}X}", number, std::clamp(verb.precision.value_or(0), 4, 1'000'000));
      const bool is_shown = verb.sharp && number <= 0x10FFFF && is_printable(static_cast<int32_t>(number));
      if (is_shown) text += " '" + character(value) + "'";
      return padded(text, blank_padded);
    }
    default:
      return mismatch(Value(value), verb);
  }
  if (value == 0 && verb.precision == 0) return padding(0, blank_padded);
  const bool is_negative = value < 0;
  const uint64_t size = is_negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  const std::string sign = is_negative ? "-" : verb.plus ? "+" : verb.space ? " " : "";
  std::string digits = digits_of(size, base);
  auto digits_min = static_cast<size_t>(verb.precision.value_or(0));
  if (!verb.precision && verb.zero && !verb.minus) {
    digits_min = static_cast<size_t>(std::max(verb.width.value_or(0) - static_cast<int>(sign.size()), 0));
  }
  QUIRE_TRY_VOID(render_.budget().reserve_text(out_.size() + digits_min));
  if (digits.size() < digits_min) digits.insert(0, digits_min - digits.size(), '0');
  std::string prefix;
  if (verb.sharp) prefix = base == 2 ? "0b" : base == 16 ? "0x" : base == 8 && !digits.starts_with('0') ? "0" : "";
  if (verb.letter == 'O') prefix = "0o" + prefix;
  std::string text = prefix + digits;
  if (verb.letter == 'X') make_upper(text);
  return padded(sign + text, blank_padded);
}

Formatter::Status Formatter::real(double value, const Verb& verb) {
  constexpr std::string_view with_six_digits = "eEfF", shortest = "gGv";
  const bool is_ascii = verb.letter < 0x80;
  const char letter = is_ascii ? static_cast<char>(verb.letter) : '\0';
  const bool has_six = is_ascii && with_six_digits.find(letter) != std::string_view::npos;
  if (is_ascii && (letter == 'b' || letter == 'x' || letter == 'X')) {
    return fail(ErrorKind::unsupported, fmt::format("printf: %{} of a float", letter));
  }
  if (!has_six && (!is_ascii || shortest.find(letter) == std::string_view::npos)) return mismatch(Value(value), verb);
  if (verb.sharp) return fail(ErrorKind::unsupported, "printf: # with a float");
  std::optional<int> precision = verb.precision;
  if (has_six && !precision) precision = 6;
  QUIRE_TRY_VOID(render_.budget().reserve_text(out_.size() + static_cast<size_t>(precision.value_or(0))));
  std::string text = float_text(value, letter == 'F' ? 'f' : letter == 'v' ? 'g' : letter, precision);
  std::string sign;
  if (text.starts_with('-') || text.starts_with('+')) {
    sign = text.substr(0, 1);
    text.erase(0, 1);
  }
  if (sign != "-") sign = verb.plus ? "+" : verb.space ? " " : "";
  // Zeros go between the sign and the digits.
  if (!verb.zero || verb.minus || sign.empty()) return padded(sign + text, verb);
  write(sign);
  Verb rest = verb;
  if (rest.width) rest.width = std::max(*rest.width - 1, 0);
  return padded(text, rest);
}

Formatter::Status Formatter::text(const MarkedText& value, const Verb& verb) {
  QUIRE_TRY_VOID(render_.budget().read(value.bytes.size()));
  const bool is_hexadecimal = verb.letter == 'x' || verb.letter == 'X';
  if (!is_hexadecimal && verb.letter != 'v' && verb.letter != 's' && verb.letter != 'q') {
    return mismatch(render_.text(value), verb);
  }
  MarkedText shown = value;
  if (verb.precision) {
    const auto limit = static_cast<size_t>(*verb.precision);
    const size_t end = is_hexadecimal ? std::min(limit, value.bytes.size()) : byte_of_code_point(value.bytes, limit);
    shown = slice(value, 0, end);
  }
  if (is_hexadecimal) return padded(hexadecimal(shown, verb), verb);
  if (verb.letter == 'q') {
    if (verb.sharp && fits_raw_string(shown.bytes)) {
      TextBuilder raw;
      raw.append("`");
      raw.append(shown);
      raw.append("`");
      return padded(raw.take(), verb);
    }
    shown = quoted(shown, '"', verb.plus);
  }
  return padded(shown, verb);
}

}  // namespace quire::gotemplate
