#include "text/jinja/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <variant>

#include "text/unicode.h"

namespace quire::jinja {

namespace {

// The longest source that is read; the largest of known models have 20 kB.
constexpr size_t source_bytes_max = 1 << 20;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// "\r\n" and "\r" become "\n", and one newline at the end is dropped.
std::string normalize_newlines(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out.push_back('\n');
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out.push_back(source[i]);
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string source) : source_(std::move(source)) {}

  Result<std::vector<Token>> run() {
    while (at_ < source_.size()) QUIRE_TRY_VOID(next_part());
    add(TokenType::end, "");
    return std::move(tokens_);
  }

 private:
  using Status = Result<std::monostate>;

  std::unexpected<Error> error(std::string_view what) const {
    return fail(ErrorKind::invalid, fmt::format("line {}: {}", line_, what));
  }

  void add(TokenType type, std::string text) {
    tokens_.push_back({.type = type, .line = line_, .text = std::move(text)});
  }

  bool looks_at(std::string_view text) const { return std::string_view(source_).substr(at_).starts_with(text); }

  void advance_to(size_t to) {
    line_ += static_cast<uint32_t>(
        std::count(source_.begin() + static_cast<ptrdiff_t>(at_), source_.begin() + static_cast<ptrdiff_t>(to), '\n'));
    at_ = to;
  }

  void skip_space() {
    size_t to = at_;
    while (to < source_.size()) {
      const CodePoint point = code_point_at(source_, to);
      if (!is_space(point.value)) break;
      to += point.size_bytes;
    }
    advance_to(to);
  }

  // The sign that controls white space behind a tag's opening, if there is one.
  char take_sign() {
    const char sign = at_ < source_.size() ? source_[at_] : ' ';
    if (sign != '-' && sign != '+') return ' ';
    ++at_;
    return sign;
  }

  // The text before a tag that opens with `sign`, without what the tag strips from it.
  static std::string_view strip_before(std::string_view text, char sign, bool is_print, bool starts_line) {
    if (sign == '-') return text.substr(0, trim_space(text, false, true).end);
    if (sign == '+' || is_print) return text;
    const size_t newline = text.rfind('\n');
    const size_t line_begin = newline == std::string_view::npos ? 0 : newline + 1;
    if (line_begin == 0 && !starts_line) return text;
    const std::string_view indent = text.substr(line_begin);
    return trim_space(indent, true, false).begin == indent.size() ? text.substr(0, line_begin) : text;
  }

  void add_data(std::string_view text) {
    if (!text.empty()) add(TokenType::data, std::string(text));
  }

  // What follows a tag's end: "-" eats white space, otherwise a block or comment eats one newline.
  void after_tag(char sign, bool trims_newline) {
    const size_t begin = at_;
    if (sign == '-') {
      skip_space();
    } else if (sign != '+' && trims_newline && looks_at("\n")) {
      advance_to(at_ + 1);
    }
    starts_line_ = at_ > begin && source_[at_ - 1] == '\n';
  }

  // Text up to the next tag, and the tag.
  Status next_part() {
    size_t tag = at_;
    while (true) {
      tag = source_.find('{', tag);
      if (tag == std::string::npos || tag + 1 >= source_.size()) {
        add_data(std::string_view(source_).substr(at_));
        advance_to(source_.size());
        return {};
      }
      const char kind = source_[tag + 1];
      if (kind == '{' || kind == '%' || kind == '#') break;
      ++tag;
    }
    const size_t text_begin = at_;
    const bool is_print = source_[tag + 1] == '{';
    const char sign_char = tag + 2 < source_.size() ? source_[tag + 2] : ' ';
    const std::string_view text = std::string_view(source_).substr(text_begin, tag - text_begin);
    add_data(strip_before(text, sign_char, is_print, starts_line_));
    advance_to(tag + 2);
    take_sign();
    starts_line_ = false;
    switch (source_[tag + 1]) {
      case '#':
        return comment();
      case '{':
        return tag_body(TokenType::print_begin);
      default:
        return try_raw() ? raw() : tag_body(TokenType::block_begin);
    }
  }

  Status comment() {
    const size_t end = source_.find("#}", at_);
    if (end == std::string::npos) return error("the comment is not closed");
    const char sign = end > at_ ? source_[end - 1] : ' ';
    advance_to(end + 2);
    after_tag(sign, true);
    return {};
  }

  // Goes behind `raw %}` when that is what follows.
  bool try_raw() {
    const size_t begin = at_;
    const uint32_t line = line_;
    skip_space();
    if (looks_at("raw")) {
      at_ += 3;
      skip_space();
      if (looks_at("-%}") || looks_at("%}")) {
        const char sign = source_[at_] == '-' ? '-' : ' ';
        at_ += sign == '-' ? 3 : 2;
        after_tag(sign, false);
        return true;
      }
    }
    at_ = begin;
    line_ = line;
    return false;
  }

  Status raw() {
    const size_t text_begin = at_;
    for (size_t tag = at_; (tag = source_.find("{%", tag)) != std::string::npos; ++tag) {
      size_t at = tag + 2;
      const char sign = at < source_.size() && (source_[at] == '-' || source_[at] == '+') ? source_[at++] : ' ';
      while (at < source_.size() && is_space(code_point_at(source_, at).value))
        at += code_point_at(source_, at).size_bytes;
      if (source_.compare(at, 6, "endraw") != 0) continue;
      at += 6;
      while (at < source_.size() && is_space(code_point_at(source_, at).value))
        at += code_point_at(source_, at).size_bytes;
      const char end_sign = at < source_.size() && (source_[at] == '-' || source_[at] == '+') ? source_[at++] : ' ';
      if (source_.compare(at, 2, "%}") != 0) continue;
      add_data(strip_before(std::string_view(source_).substr(text_begin, tag - text_begin), sign, false, starts_line_));
      advance_to(at + 2);
      after_tag(end_sign, true);
      return {};
    }
    return error("{% raw %} is not closed");
  }

  // The end of the tag that `begin` opened, if that is what follows.
  bool try_tag_end(TokenType begin) {
    const std::string_view closing = begin == TokenType::print_begin ? "}}" : "%}";
    const bool is_block = begin == TokenType::block_begin;
    char sign = ' ';
    size_t at = at_;
    if (at < source_.size() && (source_[at] == '-' || (is_block && source_[at] == '+'))) sign = source_[at++];
    if (source_.compare(at, 2, closing) != 0) return false;
    add(is_block ? TokenType::block_end : TokenType::print_end, std::string(closing));
    at_ = at + 2;
    after_tag(sign, is_block);
    return true;
  }

  Status tag_body(TokenType begin) {
    add(begin, "");
    std::string open;  // closing brackets that are waited for
    while (true) {
      skip_space();
      if (at_ >= source_.size()) return {};  // the parser says what is missing
      if (open.empty() && try_tag_end(begin)) return {};
      const char c = source_[at_];
      if (is_digit(c)) {
        number();
      } else if (is_name_start(c)) {
        name();
      } else if (c == '"' || c == '\'') {
        QUIRE_TRY_VOID(string(c));
      } else {
        QUIRE_TRY_VOID(op(open));
      }
    }
  }

  void name() {
    size_t to = at_;
    while (to < source_.size() && (is_name_start(source_[to]) || is_digit(source_[to]))) ++to;
    add(TokenType::name, source_.substr(at_, to - at_));
    at_ = to;
  }

  // Digits with single underscores between them, from `at`; returns the end.
  size_t digits(size_t at) const {
    while (at < source_.size() &&
           (is_digit(source_[at]) || (source_[at] == '_' && at + 1 < source_.size() && is_digit(source_[at + 1])))) {
      ++at;
    }
    return at;
  }

  bool digit_at(size_t at) const { return at < source_.size() && is_digit(source_[at]); }

  void number() {
    size_t to = digits(at_);
    bool is_real = false;
    const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';  // x.1.5 is two subscripts
    if (!after_dot && to < source_.size() && source_[to] == '.' && digit_at(to + 1)) {
      is_real = true;
      to = digits(to + 1);
    }
    if (!after_dot && to < source_.size() && (source_[to] == 'e' || source_[to] == 'E')) {
      const size_t exponent =
          to + 1 < source_.size() && (source_[to + 1] == '+' || source_[to + 1] == '-') ? to + 2 : to + 1;
      if (digit_at(exponent)) {
        is_real = true;
        to = digits(exponent);
      }
    }
    if (!is_real && source_[at_] == '0' && at_ + 2 < source_.size()) to = based_integer_end(to);
    std::string text = source_.substr(at_, to - at_);
    std::erase(text, '_');
    add(is_real ? TokenType::real : TokenType::integer, std::move(text));
    at_ = to;
  }

  // The end of 0x1F, 0o17 or 0b11; `decimal_end` when it is none of those.
  size_t based_integer_end(size_t decimal_end) const {
    const char base = static_cast<char>(source_[at_ + 1] | 0x20);
    const auto fits = [base](char c) {
      if (base == 'x') return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
      return c >= '0' && c <= (base == 'o' ? '7' : '1');
    };
    if (base != 'x' && base != 'o' && base != 'b') return decimal_end;
    size_t to = at_ + 2;
    while (to < source_.size() && (fits(source_[to]) || source_[to] == '_')) ++to;
    return to > at_ + 2 ? to : decimal_end;
  }

  Status op(std::string& open) {
    static constexpr std::array<std::string_view, 6> pairs = {"//", "**", "==", "!=", ">=", "<="};
    for (const std::string_view pair : pairs) {
      if (!looks_at(pair)) continue;
      add(TokenType::op, std::string(pair));
      at_ += 2;
      return {};
    }
    const char c = source_[at_];
    if (std::string_view("+-/*%~[](){}><=.:|,;").find(c) == std::string_view::npos) {
      return error(fmt::format("unexpected character '{}'", c));
    }
    if (c == '(' || c == '[' || c == '{') open.push_back(c == '(' ? ')' : c == '[' ? ']' : '}');
    if (c == ')' || c == ']' || c == '}') {
      if (open.empty()) return error(fmt::format("unexpected '{}'", c));
      if (open.back() != c) return error(fmt::format("unexpected '{}', expected '{}'", c, open.back()));
      open.pop_back();
    }
    add(TokenType::op, std::string(1, c));
    ++at_;
    return {};
  }

  Status string(char quote) {
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) return error("the string is not closed");
    std::string text;
    size_t at = at_ + 1;
    while (at < end) {
      if (source_[at] == '\\') {
        QUIRE_TRY(at, escape(at + 1, end, text));
      } else {
        text.push_back(source_[at++]);
      }
    }
    add(TokenType::string, std::move(text));
    advance_to(end + 1);
    return {};
  }

  // Appends what the escape behind a backslash stands for (as in Python's string literals); returns its end.
  Result<size_t> escape(size_t at, size_t end, std::string& out) const {
    static constexpr std::string_view letters = "abfnrtv\\'\"", values = "\a\b\f\n\r\t\v\\'\"";
    const char c = source_[at];
    if (c == '\n') return at + 1;
    if (const size_t known = letters.find(c); known != std::string_view::npos) {
      out.push_back(values[known]);
      return at + 1;
    }
    if (c >= '0' && c <= '7') {
      int32_t value = 0;
      size_t to = at;
      while (to < end && to < at + 3 && source_[to] >= '0' && source_[to] <= '7')
        value = value * 8 + (source_[to++] - '0');
      append_code_point(out, value);
      return to;
    }
    if (c == 'x' || c == 'u' || c == 'U') return hex_escape(at + 1, c == 'x' ? 2 : c == 'u' ? 4 : 8, end, out);
    if (c == 'N') return error("\\N{...} escapes are not supported");
    out.push_back('\\');
    return at;
  }

  Result<size_t> hex_escape(size_t at, size_t digit_count, size_t end, std::string& out) const {
    if (at + digit_count > end) return error("truncated escape in a string");
    uint32_t value = 0;
    for (size_t i = at; i < at + digit_count; ++i) {
      const char c = source_[i], lower = static_cast<char>(c | 0x20);
      if (!is_digit(c) && !(lower >= 'a' && lower <= 'f')) return error("truncated escape in a string");
      value = value * 16 + static_cast<uint32_t>(is_digit(c) ? c - '0' : lower - 'a' + 10);
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return error("an escape in a string is no character");
    append_code_point(out, static_cast<int32_t>(value));
    return at + digit_count;
  }

  const std::string source_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  bool starts_line_ = true;  // what is at at_ follows a newline that a tag has eaten, or starts the source
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view source) {
  if (source.size() > source_bytes_max) {
    return fail(ErrorKind::too_large,
                fmt::format("the chat template has {} bytes; at most {} are read", source.size(), source_bytes_max));
  }
  if (!is_valid_utf8(source)) return fail(ErrorKind::invalid, "the chat template is not UTF-8");
  return Lexer(normalize_newlines(source)).run();
}

}  // namespace quire::jinja
