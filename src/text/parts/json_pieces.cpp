#include "text/parts/json_pieces.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <array>
#include <optional>

namespace quire::parts {
namespace {

// Brackets and strings of JSON as far as it takes to know where a value ends.
class Nesting {
 public:
  // False: this byte closes what is not open.
  bool take(char byte) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (byte == '\\') {
        escaped_ = true;
      } else if (byte == '"') {
        in_string_ = false;
      }
      return true;
    }
    switch (byte) {
      case '"':
        in_string_ = true;
        return true;
      case '{':
        open_ += '}';
        return true;
      case '[':
        open_ += ']';
        return true;
      case '}':
      case ']':
        if (open_.empty() || open_.back() != byte) return false;
        open_.pop_back();
        return true;
      default:
        return true;
    }
  }
  bool ended() const { return open_.empty() && !in_string_; }
  // Bytes after which something may change.
  std::string_view stops() const { return in_string_ ? (escaped_ ? std::string_view{} : "\"\\") : "\"{}[]"; }
  bool escaped() const { return escaped_; }

 private:
  std::string open_;  // the brackets that are to come
  bool in_string_ = false;
  bool escaped_ = false;
};

bool ends_scalar(int byte) { return is_white(byte) || byte == ',' || byte == '}' || byte == ']' || byte == Input::end; }

// true, false, null or a number.
Reading read_scalar(Turn& turn, Sink sink) {
  bool any = false;
  for (;; any = true) {
    const int byte = co_await turn.in.peek();
    if (ends_scalar(byte)) co_return any&& byte != Input::end;
    const bool fits = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '+' ||
                      byte == '.' || byte == 'E';
    if (!fits) co_return false;
    turn.in.take();
    sink.put(static_cast<char>(byte));
  }
}

std::optional<uint32_t> hex_digit(int byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return std::nullopt;
}

Reading read_code_unit(Turn& turn, int digits, uint32_t& unit) {
  unit = 0;
  for (int digit = 0; digit < digits; ++digit) {
    const int byte = co_await turn.in.peek();
    const std::optional<uint32_t> value = hex_digit(byte);
    if (!value) co_return false;
    turn.in.take();
    unit = unit * 16 + *value;
  }
  co_return true;
}

constexpr bool is_high_surrogate(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
constexpr bool is_low_surrogate(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

int code_unit_digits(int byte, bool loose) {
  if (byte == 'u') return 4;
  if (loose && byte == 'x') return 2;
  return loose && byte == 'U' ? 8 : 0;
}

void append_unit(std::string& text, uint32_t& high, uint32_t unit) {
  if (high != 0 && is_low_surrogate(unit)) {
    append_character(text, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
    high = 0;
    return;
  }
  if (high != 0) append_character(text, high);
  high = is_high_surrogate(unit) ? unit : 0;
  if (high == 0) append_character(text, unit);
}

}  // namespace

void append_character(std::string& text, uint32_t code_point) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto point = static_cast<utf8proc_int32_t>(code_point);
  const bool valid = code_point <= 0x10FFFF && utf8proc_codepoint_valid(point) != 0;
  const utf8proc_ssize_t size = utf8proc_encode_char(valid ? point : 0xFFFD, bytes.data());
  text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(size));
}

void append_escaped(std::string& text, std::string_view raw) {
  for (const char byte : raw) {
    switch (byte) {
      case '"':
        text += "\\\"";
        break;
      case '\\':
        text += "\\\\";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\r':
        text += "\\r";
        break;
      case '\t':
        text += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(byte) < 0x20) {
          text += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
        } else {
          text += byte;
        }
    }
  }
}

std::string quoted(std::string_view raw) {
  std::string text = "\"";
  append_escaped(text, raw);
  return text + '"';
}

Reading read_escape(Turn& turn, bool loose, uint32_t& high, std::string& text) {
  const int byte = co_await turn.in.peek();
  if (byte == Input::end) co_return false;
  if (const int digits = code_unit_digits(byte, loose); digits > 0) {
    turn.in.take();
    uint32_t unit = 0;
    if (!co_await read_code_unit(turn, digits, unit)) co_return false;
    append_unit(text, high, unit);
    co_return true;
  }
  constexpr std::string_view names = "\"\\/bfnrt'av0";
  constexpr std::string_view meant = {"\"\\/\b\f\n\r\t'\a\v\0", 12};
  const size_t at = names.substr(0, loose ? names.size() : 8).find(static_cast<char>(byte));
  if (at == std::string_view::npos && !loose) co_return false;
  turn.in.take();
  if (high != 0) append_character(text, std::exchange(high, 0));
  if (at != std::string_view::npos) {
    text += meant[at];
  } else if (byte != '\n') {  // behind a backslash it joins lines
    text += '\\';
    text += static_cast<char>(byte);
  }
  co_return true;
}

Reading read_json(Turn& turn, Sink sink) {
  const int first = co_await turn.in.peek();
  if (first != '"' && first != '{' && first != '[') co_return co_await read_scalar(turn, sink);
  Nesting nesting;
  for (;;) {
    const int byte = co_await turn.in.peek();
    if (byte == Input::end || !nesting.take(static_cast<char>(byte))) co_return false;
    turn.in.take();
    sink.put(static_cast<char>(byte));
    if (nesting.ended()) co_return true;
    if (!nesting.escaped()) sink.put(turn.in.take_all_but(nesting.stops()));
  }
}

Reading read_json_string(Turn& turn, Sink sink) {
  if (!co_await expect(turn, "\"")) co_return false;
  uint32_t high = 0;
  std::string text;
  for (;;) {
    const int byte = co_await turn.in.peek();
    if (byte == Input::end) co_return false;
    turn.in.take();
    text.clear();
    if (byte == '\\') {
      if (!co_await read_escape(turn, false, high, text)) co_return false;
    } else {
      if (high != 0) append_character(text, std::exchange(high, 0));
      if (byte != '"') text += static_cast<char>(byte);
    }
    sink.put(text);
    if (byte == '"') co_return true;
  }
}

}  // namespace quire::parts
