#include "tree/cpp_source.h"

#include <algorithm>
#include <cctype>

namespace quire::tree {
namespace {

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// The end of a literal that opens at `begin` with `quote`: one past its closing quote, or the line's end.
size_t literal_end(std::string_view source, size_t begin, char quote) {
  size_t at = begin + 1;
  while (at < source.size() && source[at] != quote && source[at] != '\n') at += source[at] == '\\' ? 2 : 1;
  return std::min(at + 1, source.size());
}

// The end of a raw string whose opening quote is at `begin` ("delimiter( ... )delimiter").
size_t raw_string_end(std::string_view source, size_t begin) {
  const size_t open = source.find('(', begin);
  if (open == std::string_view::npos) return source.size();
  const std::string close = ")" + std::string(source.substr(begin + 1, open - begin - 1)) + "\"";
  const size_t end = source.find(close, open);
  return end == std::string_view::npos ? source.size() : end + close.size();
}

// Where the comment or literal that begins at `at` ends; `at` itself when none begins there.
size_t skippable_end(std::string_view source, size_t at) {
  const std::string_view rest = source.substr(at);
  if (rest.starts_with("//")) return std::min(source.find('\n', at), source.size());
  if (rest.starts_with("/*")) {
    const size_t end = source.find("*/", at + 2);
    return end == std::string_view::npos ? source.size() : end + 2;
  }
  if (rest[0] == '"') {
    const bool raw = at > 0 && source[at - 1] == 'R' && (at < 2 || !is_word_char(source[at - 2]));
    return raw ? raw_string_end(source, at) : literal_end(source, at, '"');
  }
  const bool digit_separator = rest[0] == '\'' && at > 0 && is_word_char(source[at - 1]);
  if (rest[0] == '\'' && !digit_separator) return literal_end(source, at, '\'');
  return at;
}

// Reads declarations at namespace and class level; skips over everything in between.
class FunctionFinder {
 public:
  explicit FunctionFinder(std::string_view source) : code_(code_only(source)) { blank_preprocessor_lines(); }

  std::vector<Function> find() {
    for (; at_ < code_.size(); ++at_) step(code_[at_]);
    return std::move(found_);
  }

 private:
  enum class Block { scope, function, initializer };

  void blank_preprocessor_lines() {
    bool continued = false;
    for (size_t begin = 0; begin < code_.size();) {
      const size_t end = std::min(code_.find('\n', begin), code_.size());
      const size_t first = code_.find_first_not_of(" \t", begin);
      const bool directive = continued || (first < end && code_[first] == '#');
      continued = directive && end > begin && code_[end - 1] == '\\';
      if (directive) std::fill(code_.begin() + static_cast<long>(begin), code_.begin() + static_cast<long>(end), ' ');
      begin = end + 1;
    }
  }

  void step(char c) {
    if (c == '\n') ++line_;
    if (is_blank(c)) {
      if (!head_.empty()) head_ += ' ';
      return;
    }
    if (c == '(') ++parens_;
    if (c == ')') --parens_;
    if (parens_ == 0 && c == '{') return open_block();
    if (parens_ == 0 && (c == ';' || c == '}')) return head_.clear();
    if (head_.empty()) head_line_ = line_;
    head_ += c;
  }

  void open_block() {
    const Block block = classify();
    if (block == Block::scope) return head_.clear();
    skip_balanced();
    if (block == Block::initializer) {
      head_ += "}";
      return;
    }
    found_.push_back({.name = function_name(), .first_line = head_line_, .last_line = line_});
    head_.clear();
  }

  Block classify() const {
    const size_t close = head_.rfind(')');
    if (close == std::string::npos || has_word(head_.substr(close), "requires")) {
      const bool value = head_.find('=') != std::string::npos;
      const bool scope = has_word(head_, "namespace") || has_word(head_, "class") || has_word(head_, "struct") ||
                         has_word(head_, "union") || has_word(head_, "extern");
      return scope && !value ? Block::scope : Block::initializer;
    }
    const size_t last = head_.find_last_not_of(' ');
    const bool after_name = is_word_char(head_[last]) || head_[last] == '>';
    if (after_name && in_member_initializers()) return Block::initializer;
    if (is_value()) return Block::initializer;
    return names_a_type() ? Block::scope : Block::function;
  }

  // "Name(parameters) : a_(1), b_" before a brace: the brace belongs to b_.
  bool in_member_initializers() const {
    const size_t open = head_.find('(');
    for (size_t at = head_.find(')', open); at < head_.size(); ++at) {
      if (head_[at] != ':') continue;
      if (head_[at - 1] != ':' && (at + 1 == head_.size() || head_[at + 1] != ':')) return true;
    }
    return false;
  }

  // "type name = call(...)" and the like: an assignment outside of parentheses that is not an operator's name.
  bool is_value() const {
    int depth = 0;
    for (size_t at = 0; at < head_.size(); ++at) {
      if (head_[at] == '(') ++depth;
      if (head_[at] == ')') --depth;
      if (head_[at] == '=' && depth == 0) return head_.find("operator") == std::string::npos;
    }
    return false;
  }

  // "struct alignas(64) Name" has parentheses too, and is not a function.
  bool names_a_type() const {
    const std::string_view first = std::string_view(head_).substr(0, head_.find_first_of(" ("));
    return (first == "class" || first == "struct" || first == "union" || first == "enum") && has_word(head_, "alignas");
  }

  void skip_balanced() {
    int depth = 0;
    for (; at_ < code_.size(); ++at_) {
      if (code_[at_] == '\n') ++line_;
      if (code_[at_] == '{') ++depth;
      if (code_[at_] == '}' && --depth == 0) return;
    }
  }

  std::string function_name() const {
    size_t end = head_.find('(');
    const size_t named_operator = head_.find("operator");
    if (named_operator < end) return head_.substr(named_operator, end - named_operator);
    while (end > 0 && head_[end - 1] == ' ') --end;
    size_t begin = end;
    while (begin > 0 && (is_word_char(head_[begin - 1]) || head_[begin - 1] == ':' || head_[begin - 1] == '~')) --begin;
    const std::string name = head_.substr(begin, end - begin);
    if (!name.starts_with("TEST")) return name;
    return head_.substr(begin, head_.find(')') - begin + 1);  // one a test
  }

  std::string code_;
  size_t at_ = 0;
  int line_ = 1;
  int parens_ = 0;
  std::string head_;  // what was read of the present declaration
  int head_line_ = 1;
  std::vector<Function> found_;
};

}  // namespace

std::string code_only(std::string_view source) {
  std::string code(source);
  for (size_t at = 0; at < source.size();) {
    const size_t end = skippable_end(source, at);
    for (size_t inside = at; inside < end; ++inside) {
      const bool quote = (inside == at || inside + 1 == end) && source[at] != '/';
      if (code[inside] != '\n' && !quote) code[inside] = ' ';
    }
    at = std::max(end, at + 1);
  }
  return code;
}

std::vector<Include> includes_of(std::string_view source) {
  std::vector<Include> includes;
  int line = 0;
  for (size_t begin = 0; begin < source.size();) {
    const size_t end = std::min(source.find('\n', begin), source.size());
    std::string_view text = source.substr(begin, end - begin);
    begin = end + 1;
    ++line;
    const size_t hash = text.find_first_not_of(" \t");
    if (hash == std::string_view::npos || text[hash] != '#') continue;
    const size_t word = text.find("include", hash);
    const size_t open = text.find_first_of("<\"", hash);
    if (word == std::string_view::npos || open == std::string_view::npos || open < word) continue;
    const bool quoted = text[open] == '"';
    const size_t close = text.find(quoted ? '"' : '>', open + 1);
    if (close == std::string_view::npos) continue;
    includes.push_back({.path = std::string(text.substr(open + 1, close - open - 1)), .quoted = quoted, .line = line});
  }
  return includes;
}

std::vector<Function> functions_of(std::string_view source) { return FunctionFinder(source).find(); }

int line_count(std::string_view source) {
  const auto breaks = std::count(source.begin(), source.end(), '\n');
  return static_cast<int>(breaks) + (!source.empty() && source.back() != '\n' ? 1 : 0);
}

bool has_word(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !is_word_char(text[at - 1]);
    const bool ends = at + word.size() == text.size() || !is_word_char(text[at + word.size()]);
    if (starts && ends) return true;
  }
  return false;
}

}  // namespace quire::tree
