#include "text/constraint/gbnf.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "text/constraint/pattern/code_points.h"
#include "text/unicode.h"

namespace quire::constraint {
namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
bool is_name(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) || byte == '-' || byte == '_';
}

// Groups that are open are on a stack of its own.
class GbnfParser {
 public:
  explicit GbnfParser(std::string_view text) : text_(text) {}

  Result<Grammar> parse() {
    if (!is_valid_utf8(text_)) return fail(ErrorKind::invalid, "the grammar is not valid UTF-8");
    skip_space(true);
    while (!at_end()) QUIRE_TRY_VOID(parse_rule());
    for (const auto& [name, rule] : rules_) {
      if (!rule.defined) return invalid(rule.used_at, fmt::format("the rule '{}' is not defined", name));
    }
    const auto root = rules_.find("root");
    if (root == rules_.end()) return fail(ErrorKind::invalid, "the grammar has no rule 'root'");
    grammar_.set_root(grammar_.refer(root->second.id));
    return std::move(grammar_);
  }

 private:
  struct Rule {
    RuleId id = {};
    size_t used_at = 0;
    bool defined = false;
  };
  // Alternatives that are being read: the body of a rule, or a group.
  struct Open {
    size_t at = 0;
    std::vector<NodeId> alternatives, sequence;
  };

  bool at_end() const { return at_ == text_.size(); }
  bool next_is(std::string_view wanted) const { return text_.substr(at_).starts_with(wanted); }
  bool take(std::string_view wanted) {
    if (!next_is(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  bool is_nested() const { return open_.size() > 1; }

  std::unexpected<Error> error(ErrorKind kind, size_t at, std::string_view what) const {
    const std::string_view before = text_.substr(0, at);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
    const size_t column = count_code_points(before.substr(line_begin)) + 1;
    return fail(kind, fmt::format("line {}, column {}: {}", line, column, what));
  }
  std::unexpected<Error> invalid(size_t at, std::string_view what) const { return error(ErrorKind::invalid, at, what); }

  // Spaces and comments; line ends where the rule does not end with its line.
  void skip_space(bool lines_too) {
    for (; !at_end(); ++at_) {
      const char byte = text_[at_];
      if (byte == '#') {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
        if (at_end()) return;
        if (!lines_too) return;
        continue;
      }
      if (byte != ' ' && byte != '\t' && !(lines_too && (byte == '\n' || byte == '\r'))) return;
    }
  }

  std::string_view take_name() {
    const size_t begin = at_;
    while (!at_end() && is_name(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  Rule& rule_of(std::string_view name, size_t at) {
    const auto [found, is_new] = rules_.try_emplace(std::string(name));
    if (is_new) found->second = {.id = grammar_.declare(std::string(name)), .used_at = at, .defined = false};
    return found->second;
  }

  Result<void> parse_rule();
  Result<bool> parse_symbol();
  Result<void> parse_quantifier(size_t at);
  Result<std::pair<uint32_t, uint32_t>> parse_counts(size_t at);
  Result<uint32_t> parse_number();
  Result<char32_t> parse_character(size_t begin);
  Result<NodeId> parse_literal(size_t begin);
  Result<NodeId> parse_class(size_t begin);
  std::unexpected<Error> refuse_token(size_t begin) const;
  NodeId characters(const CodePoints& set) { return grammar_.characters(set); }
  void add(NodeId node) { open_.back().sequence.push_back(node); }
  NodeId end_alternatives() {
    Open& here = open_.back();
    here.alternatives.push_back(grammar_.sequence(std::move(here.sequence)));
    const NodeId node = grammar_.choice(std::move(here.alternatives));
    open_.pop_back();
    return node;
  }

  std::string_view text_;
  size_t at_ = 0;
  Grammar grammar_;
  std::map<std::string, Rule, std::less<>> rules_;
  std::vector<Open> open_;
};

Result<void> GbnfParser::parse_rule() {
  const size_t begin = at_;
  const std::string_view name = take_name();
  if (name.empty()) return invalid(begin, "expected the name of a rule");
  skip_space(false);
  if (!take("::=")) return invalid(at_, fmt::format("expected '::=' after the rule's name '{}'", name));
  if (std::exchange(rule_of(name, begin).defined, true)) {
    return invalid(begin, fmt::format("the rule '{}' is defined twice", name));
  }
  skip_space(true);
  open_.push_back({.at = begin});
  while (!at_end()) {
    QUIRE_TRY(const bool is_symbol, parse_symbol());
    if (!is_symbol) break;
    if (grammar_.size_bytes() > gbnf_grammar_bytes_max) {
      return error(ErrorKind::too_large, at_,
                   fmt::format("the grammar up to here takes over {} bytes", gbnf_grammar_bytes_max));
    }
    skip_space(is_nested());
  }
  if (is_nested()) return invalid(open_.back().at, "'(' without its ')'");
  if (!at_end() && !next_is("\n") && !next_is("\r")) {
    return invalid(at_, fmt::format("'{}' begins no symbol", text_.substr(at_, code_point_at(text_, at_).size_bytes)));
  }
  const RuleId rule = rule_of(name, begin).id;
  grammar_.define(rule, end_alternatives());
  skip_space(true);
  return {};
}

// False, and nothing is read, where none begins.
Result<bool> GbnfParser::parse_symbol() {
  const size_t begin = at_;
  const char byte = text_[at_++];
  switch (byte) {
    case '"': {
      QUIRE_TRY(const NodeId literal, parse_literal(begin));
      add(literal);
      return true;
    }
    case '[': {
      QUIRE_TRY(const NodeId set, parse_class(begin));
      add(set);
      return true;
    }
    case '.':
      add(characters(all_but({})));
      return true;
    case '(':
      open_.push_back({.at = begin});
      return true;
    case ')': {
      if (!is_nested()) return invalid(begin, "')' without its '('");
      const NodeId group = end_alternatives();
      add(group);
      return true;
    }
    case '|': {
      Open& here = open_.back();
      here.alternatives.push_back(grammar_.sequence(std::exchange(here.sequence, {})));
      skip_space(true);
      return true;
    }
    case '*':
    case '+':
    case '?':
    case '{':
      QUIRE_TRY_VOID(parse_quantifier(begin));
      return true;
    case '<':
    case '!':
      return refuse_token(begin);
    default:
      break;
  }
  at_ = begin;
  const std::string_view name = take_name();
  if (name.empty()) return false;
  add(grammar_.refer(rule_of(name, begin).id));
  return true;
}

Result<void> GbnfParser::parse_quantifier(size_t at) {
  std::vector<NodeId>& sequence = open_.back().sequence;
  if (sequence.empty()) return invalid(at, fmt::format("'{}' with nothing before it to repeat", text_[at]));
  std::pair<uint32_t, uint32_t> counts{text_[at] == '+' ? 1 : 0, text_[at] == '?' ? 1 : unbounded};
  if (text_[at] == '{') {
    QUIRE_TRY(counts, parse_counts(at));
  }
  sequence.back() = grammar_.repeat(sequence.back(), counts.first, counts.second);
  return {};
}

// {m}, {m,} and {m,n}, after the '{'.
Result<std::pair<uint32_t, uint32_t>> GbnfParser::parse_counts(size_t at) {
  skip_space(is_nested());
  QUIRE_TRY(const uint32_t min, parse_number());
  skip_space(is_nested());
  uint32_t max = min;
  if (take(",")) {
    skip_space(is_nested());
    max = unbounded;
    if (!at_end() && is_digit(text_[at_])) {
      QUIRE_TRY(max, parse_number());
      skip_space(is_nested());
    }
  }
  if (!take("}")) return invalid(at_, "expected '}' after the counts of a repeat");
  if (min > max) return invalid(at, fmt::format("a repeat of at least {} and at most {}", min, max));
  return std::pair(min, max);
}

Result<uint32_t> GbnfParser::parse_number() {
  const size_t begin = at_;
  uint64_t value = 0;
  for (; !at_end() && is_digit(text_[at_]); ++at_) {
    value = std::min<uint64_t>(value * 10 + static_cast<uint64_t>(text_[at_] - '0'), unbounded);
  }
  if (at_ == begin) return invalid(begin, "expected a number");
  if (value == unbounded) return error(ErrorKind::too_large, begin, fmt::format("a count of {} or more", unbounded));
  return static_cast<uint32_t>(value);
}

// One of a literal or class that began at `begin`.
Result<char32_t> GbnfParser::parse_character(size_t begin) {
  if (at_end()) return invalid(begin, text_[begin] == '"' ? "'\"' without its end" : "'[' without its ']'");
  if (!next_is("\\")) {
    const CodePoint found = code_point_at(text_, at_);
    at_ += found.size_bytes;
    return static_cast<char32_t>(found.value);
  }
  const size_t at = at_++;
  if (at_end()) return invalid(at, "'\\' at the end");
  const char name = text_[at_++];
  switch (name) {
    case 't':
      return U'\t';
    case 'r':
      return U'\r';
    case 'n':
      return U'\n';
    case '\\':
    case '"':
    case '[':
    case ']':
    case '-':
      return static_cast<char32_t>(name);
    case 'x':
    case 'u':
    case 'U':
      break;
    default:
      return invalid(at, "an escape that is none of \\n \\r \\t \\\\ \\\" \\[ \\] \\- \\x \\u \\U");
  }
  const size_t count = name == 'x' ? 2 : name == 'u' ? 4 : 8;
  const auto value = text_.size() - at_ < count ? std::nullopt : hex_number(text_.substr(at_, count));
  if (!value) return invalid(at, fmt::format("'\\{}' without {} hexadecimal digits", name, count));
  if (*value > last_code_point || (*value >= 0xD800 && *value <= 0xDFFF)) {
    return invalid(at, fmt::format("U+{:04X} is no character", static_cast<uint32_t>(*value)));
  }
  at_ += count;
  return *value;
}

Result<NodeId> GbnfParser::parse_literal(size_t begin) {
  std::string literal;
  while (!take("\"")) {
    QUIRE_TRY(const char32_t value, parse_character(begin));
    append_code_point(literal, static_cast<int32_t>(value));
  }
  return grammar_.bytes(literal);
}

Result<NodeId> GbnfParser::parse_class(size_t begin) {
  const bool negative = take("^");
  CodePoints set;
  while (!take("]")) {
    const size_t at = at_;
    QUIRE_TRY(const char32_t first, parse_character(begin));
    char32_t last = first;
    if (next_is("-") && !next_is("-]")) {
      take("-");
      QUIRE_TRY(last, parse_character(begin));
    }
    if (first > last) return invalid(at, "a range whose ends are in the wrong order");
    set.emplace_back(first, last);
  }
  set = normal(std::move(set));
  return characters(negative ? all_but(set) : set);
}

std::unexpected<Error> GbnfParser::refuse_token(size_t begin) const {
  const size_t end = text_.find_first_of(">\r\n", begin);
  const size_t size = end == std::string_view::npos ? text_.size() - begin : end + 1 - begin;
  return error(ErrorKind::unsupported, begin,
               fmt::format("the token '{}': a grammar is of characters here", text_.substr(begin, size)));
}

}  // namespace

Result<Grammar> parse_gbnf(std::string_view text) {
  if (text.size() > gbnf_bytes_max) {
    return fail(ErrorKind::too_large,
                fmt::format("the grammar has {} bytes, at most {} are read", text.size(), gbnf_bytes_max));
  }
  return GbnfParser(text).parse();
}

}  // namespace quire::constraint
