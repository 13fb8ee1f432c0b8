#include "text/gotemplate/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "text/unicode.h"

namespace quire::gotemplate {

namespace {

constexpr size_t source_bytes_max = size_t{1} << 20;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<std::vector<Token>> tokens() {
    while (at_ < source_.size()) {
      QUIRE_TRY_VOID(text());
      if (at_ < source_.size()) QUIRE_TRY_VOID(action_or_comment());
    }
    emit(TokenType::end, at_);
    return std::move(tokens_);
  }

 private:
  using Status = Result<std::monostate>;

  char peek(size_t offset = 0) const { return at_ + offset < source_.size() ? source_[at_ + offset] : '\0'; }
  bool is_at(std::string_view text) const { return source_.substr(at_).starts_with(text); }
  std::string_view character() const { return source_.substr(at_, code_point_at(source_, at_).size_bytes); }
  std::unexpected<Error> error(std::string_view what) const { return error_at(line_, what); }

  void emit(TokenType type, size_t begin) {
    const std::string_view text = source_.substr(begin, at_ - begin);
    tokens_.push_back({.type = type, .follows_space = follows_space_, .line = line_, .text = text});
    follows_space_ = false;
    line_ += static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n'));
  }

  void skip_to(size_t end) {
    line_ += static_cast<uint32_t>(
        std::count(source_.begin() + static_cast<ptrdiff_t>(at_), source_.begin() + static_cast<ptrdiff_t>(end), '\n'));
    at_ = end;
  }

  void skip_blanks() {
    size_t end = at_;
    while (end < source_.size() && is_blank(source_[end])) ++end;
    skip_to(end);
  }

  // "- " behind {{: the white space before the action goes.
  bool is_at_left_trim() const { return peek() == '-' && is_blank(peek(1)); }
  // " -" before }}: the white space behind the action goes.
  bool is_at_right_trim() const { return is_blank(peek()) && source_.substr(at_ + 1).starts_with("-}}"); }

  Status text() {
    const size_t begin = at_;
    const size_t action = std::min(source_.find("{{", at_), source_.size());
    size_t end = action;
    at_ = std::min(action + 2, source_.size());
    if (action < source_.size() && is_at_left_trim()) {
      while (end > begin && is_blank(source_[end - 1])) --end;
    }
    at_ = end;
    if (end > begin) emit(TokenType::text, begin);
    skip_to(action);
    return {};
  }

  Status action_or_comment() {
    const size_t begin = at_;
    at_ += 2;
    const bool trims = is_at_left_trim();
    if (source_.substr(at_ + (trims ? 2 : 0)).starts_with("/*")) return comment(at_ + (trims ? 2 : 0));
    emit(TokenType::action_begin, begin);
    if (trims) skip_to(at_ + 2);
    parentheses_ = 0;
    while (true) {
      QUIRE_TRY(const bool ended, end_of_action());
      if (ended) return {};
      if (at_ == source_.size()) return error("an action without }}");
      if (is_blank(peek())) {
        skip_to(at_ + 1);
        follows_space_ = true;
        continue;
      }
      QUIRE_TRY_VOID(token());
    }
  }

  // Takes }} and the white space behind it that its trim marker removes.
  Result<bool> end_of_action() {
    const bool trims = is_at_right_trim();
    if (!trims && !is_at("}}")) return false;
    if (parentheses_ > 0) return error("a parenthesis is not closed");
    if (trims) skip_to(at_ + 2);
    at_ += 2;
    emit(TokenType::action_end, at_ - 2);
    if (trims) skip_blanks();
    return true;
  }

  Status comment(size_t begin) {
    const size_t end = source_.find("*/", begin + 2);
    if (end == std::string_view::npos) return error("a comment is not closed");
    skip_to(end + 2);
    const bool trims = is_at_right_trim();
    if (!trims && !is_at("}}")) return error("a comment must end right before }}");
    skip_to(at_ + (trims ? 4 : 2));
    if (trims) skip_blanks();
    return {};
  }

  Status token() {
    const size_t begin = at_;
    const char c = peek();
    switch (c) {
      case '=':
        return punctuation(TokenType::assign, 1);
      case ':':
        return peek(1) == '=' ? punctuation(TokenType::declare, 2) : error("':' without '='");
      case '|':
        return punctuation(TokenType::pipe, 1);
      case ',':
        return punctuation(TokenType::comma, 1);
      case '(':
        ++parentheses_;
        return punctuation(TokenType::open, 1);
      case ')':
        if (--parentheses_ < 0) return error("a parenthesis too many");
        return punctuation(TokenType::close, 1);
      case '"':
        return quoted(TokenType::string);
      case '\'':
        return quoted(TokenType::character);
      case '`':
        at_ = source_.find('`', at_ + 1);
        if (at_ == std::string_view::npos) return unterminated(begin);
        ++at_;
        emit(TokenType::raw_string, begin);
        return {};
      case '$':
        return name(TokenType::variable, TokenType::variable);
      case '.':
        return is_digit(peek(1)) ? number() : name(TokenType::field, TokenType::dot);
      default:
        break;
    }
    if (c == '+' || c == '-' || is_digit(c)) return number();
    if (name_character_size() == 0) return error(fmt::format("unexpected character '{}' in an action", character()));
    take_name();
    return finish_name(TokenType::word, begin);
  }

  Status punctuation(TokenType type, size_t size) {
    at_ += size;
    emit(type, at_ - size);
    return {};
  }

  std::unexpected<Error> unterminated(size_t begin) {
    at_ = begin;
    return error("a literal is not closed");
  }

  Status quoted(TokenType type) {
    const size_t begin = at_;
    const char quote = peek();
    for (++at_; at_ < source_.size() && peek() != '\n'; ++at_) {
      if (peek() == quote) {
        ++at_;
        emit(type, begin);
        return {};
      }
      if (peek() == '\\' && peek(1) != '\n') ++at_;
    }
    return unterminated(begin);
  }

  // A dot or dollar and the name behind it, if there is one.
  Status name(TokenType with_name, TokenType alone) {
    const size_t begin = at_;
    ++at_;
    const bool is_alone = is_at_terminator();
    if (!is_alone) take_name();
    return finish_name(is_alone ? alone : with_name, begin);
  }

  Status finish_name(TokenType type, size_t begin) {
    if (!is_at_terminator()) {
      return error(fmt::format("unexpected character '{}' behind {}", character(), source_.substr(begin, at_ - begin)));
    }
    emit(type, begin);
    return {};
  }

  // Letters, digits and underscores, as Unicode has them: bytes of the one here, or 0.
  size_t name_character_size() const {
    if (at_ >= source_.size()) return 0;
    const CodePoint point = code_point_at(source_, at_);
    return point.value == '_' || is_alpha(point.value) || is_decimal(point.value) ? point.size_bytes : 0;
  }

  void take_name() {
    while (const size_t size = name_character_size()) at_ += size;
  }

  bool is_at_terminator() const {
    if (at_ == source_.size() || is_blank(peek()) || is_at("}}")) return true;
    return std::string_view(".,|:)(").find(peek()) != std::string_view::npos;
  }

  // Whether the digits make sense is for number_literal to say.
  Status number() {
    const size_t begin = at_;
    if (peek() == '+' || peek() == '-') ++at_;
    while (at_ < source_.size()) {
      const char c = peek();
      const bool is_exponent_sign = (c == '+' || c == '-') && is_exponent(begin);
      if (!is_exponent_sign && c != '.' && name_character_size() == 0) break;
      ++at_;
    }
    emit(TokenType::number, begin);
    return {};
  }

  // The sign here stands behind the letter of an exponent.
  bool is_exponent(size_t begin) const {
    const char before = source_[at_ - 1];
    const std::string_view text = source_.substr(begin, at_ - begin);
    const bool is_hexadecimal = text.find_first_of("xX") != std::string_view::npos;
    return is_hexadecimal ? before == 'p' || before == 'P' : before == 'e' || before == 'E';
  }

  const std::string_view source_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  int parentheses_ = 0;
  bool follows_space_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::unexpected<Error> error_at(uint32_t line, std::string_view what) {
  return fail(ErrorKind::invalid, fmt::format("line {}: {}", line, what));
}

Result<std::vector<Token>> tokenize(std::string_view source) {
  if (source.size() > source_bytes_max) {
    return fail(ErrorKind::too_large, fmt::format("a template of more than {} bytes", source_bytes_max));
  }
  return Lexer(source).tokens();
}

}  // namespace quire::gotemplate
