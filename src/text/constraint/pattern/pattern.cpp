#include "text/constraint/pattern/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "text/constraint/pattern/pattern_reader.h"
#include "text/unicode.h"

namespace quire::constraint {
namespace {

using Kind = PatternNode::Kind;
constexpr uint32_t none = PatternNode::none;
// What a pattern's repeats may unfold to. The automaton of such a pattern has a like number of states.
constexpr size_t nodes_max = 100'000;

// A part of a sequence: its nodes are the last ones. It goes on at nodes[out].next, which is free.
struct Fragment {
  size_t begin = 0;
  uint32_t in = none, out = none;
};

// A group that is open: its alternatives begin at a row of jumps and end in one.
struct Group {
  size_t at = 0;  // of its '('
  size_t first_node = 0;
  uint32_t in = 0, out = 0;
  uint32_t last_alternative = 0;  // the jump whose `other` is free
  uint32_t tail = 0;              // the node that the next one comes after
  Fragment atom{.in = none};      // the last part, which a quantifier may yet change
  bool atom_may_repeat = false;
  bool looks = false;
  Look look;
  bool in_ahead = false, in_behind = false;  // of what it is in, itself too
  PatternFlags flags;                        // those outside of it
};

// Builds the nodes while it reads. Groups are on a stack of its own.
class Parser {
 public:
  explicit Parser(std::string_view text) : reader_(text, classes_) {}

  Result<Pattern> parse(Match match) {
    pattern_.words = word_characters();
    open({});
    while (!reader_.at_end()) QUIRE_TRY_VOID(parse_one());
    if (groups_.size() > 1) return reader_.invalid(groups_.back().at, "'(' without its ')'");
    close();
    pattern_.part = {.begin = groups_.back().in, .end = groups_.back().out};
    if (match == Match::anywhere) {
      begin_anywhere(pattern_.part);
      end_anywhere(pattern_.part);
    }
    return std::move(pattern_);
  }

 private:
  uint32_t add(PatternNode node) {
    pattern_.nodes.push_back(node);
    return static_cast<uint32_t>(pattern_.nodes.size() - 1);
  }
  PatternNode& node(uint32_t index) { return pattern_.nodes[index]; }
  Group& group() { return groups_.back(); }

  void begin_alternative() {
    const uint32_t start = add({});
    Group& here = group();
    if (here.last_alternative == none) {
      here.last_alternative = here.in;
    } else {
      const uint32_t jump = add({});
      node(here.last_alternative).other = jump;
      here.last_alternative = jump;
    }
    node(here.last_alternative).next = start;
    here.tail = start;
  }
  void open(Group opened) {
    if (!groups_.empty()) {
      settle();
      opened.in_ahead |= group().in_ahead;
      opened.in_behind |= group().in_behind;
    }
    opened.first_node = pattern_.nodes.size();
    opened.in = add({});
    opened.out = add({});
    opened.last_alternative = none;
    opened.flags = flags_;
    groups_.push_back(opened);
    begin_alternative();
  }
  // No quantifier can come to the last atom any more.
  void settle() {
    Group& here = group();
    if (here.atom.in == none) return;
    node(here.tail).next = here.atom.in;
    here.tail = here.atom.out;
    here.atom.in = none;
  }
  void end_alternative() {
    settle();
    node(group().tail).next = group().out;
  }
  void close() {
    end_alternative();
    flags_ = group().flags;
  }
  void add_atom(PatternNode atom, bool may_repeat) {
    settle();
    const uint32_t index = add(atom);
    group().atom = {.begin = index, .in = index, .out = index};
    group().atom_may_repeat = may_repeat;
  }
  uint32_t number_of(const CodePoints& set) {
    const auto [found, is_new] = set_numbers_.try_emplace(set, static_cast<uint32_t>(pattern_.sets.size()));
    if (is_new) pattern_.sets.push_back(set);
    return found->second;
  }
  Result<void> add_characters(size_t at, const CodePoints& set) {
    if (!classes_.spend(set.size())) return reader_.too_many_ranges(at);
    add_atom({.kind = Kind::characters, .what = number_of(set)}, true);
    return {};
  }
  Result<void> add_folded(size_t at, const CodePoints& set) {
    if (!flags_.any_case) return add_characters(at, set);
    if (!classes_.spend(cased_count(set))) return reader_.too_many_ranges(at);
    return add_characters(at, with_both_cases(set));
  }
  // A loop over any text before, or after.
  uint32_t any_text() {
    const uint32_t loop = add({});
    const uint32_t any = add({.kind = Kind::characters, .what = number_of(all_but({})), .next = loop});
    node(loop).other = any;
    return loop;
  }
  void begin_anywhere(PatternPart& part) {
    const uint32_t loop = any_text();
    node(loop).next = part.begin;
    part.begin = loop;
  }
  void end_anywhere(PatternPart& part) {
    part.rest = any_text();
    node(part.end).next = part.rest;
    part.end = add({});
    node(part.rest).next = part.end;
  }

  Result<void> parse_one();
  Result<void> parse_group(size_t at);
  Result<void> parse_flags(size_t at);
  Result<void> close_group(size_t at);
  Result<void> parse_backslash(size_t at);
  Result<bool> parse_quantifier(size_t at);
  Result<void> repeat(size_t at, uint32_t min, uint32_t max);
  void wire(std::vector<Fragment>& copies, uint32_t min, bool endless);

  PatternClasses classes_;
  PatternReader reader_;
  Pattern pattern_;
  std::map<CodePoints, uint32_t> set_numbers_;
  PatternFlags flags_;
  std::vector<Group> groups_;
};

Result<void> Parser::parse_one() {
  const size_t at = reader_.at();
  QUIRE_TRY(const bool was_quantifier, parse_quantifier(at));
  if (was_quantifier) return {};
  if (pattern_.nodes.size() > nodes_max) return fail(ErrorKind::too_large, "the pattern is too large");
  const char32_t value = reader_.take_character();
  switch (value) {
    case '(':
      return parse_group(at);
    case ')':
      return close_group(at);
    case '\\':
      return parse_backslash(at);
    case '|':
      end_alternative();
      begin_alternative();
      return {};
    case '[': {
      QUIRE_TRY(CodePoints set, parse_class(reader_, at, flags_));
      return add_characters(at, set);
    }
    case '.':
      return add_characters(at, all_but(flags_.dot_all ? CodePoints{} : line_ends()));
    case '^':
      add_atom({.kind = flags_.lines ? Kind::line_begin : Kind::text_begin}, false);
      pattern_.has_lines |= flags_.lines;
      return {};
    case '$':
      add_atom({.kind = flags_.lines ? Kind::line_end : Kind::text_end}, false);
      pattern_.has_lines |= flags_.lines;
      return {};
    default:
      return add_folded(at, {{value, value}});
  }
}

Result<void> Parser::parse_backslash(size_t at) {
  if (const bool edge = reader_.take("b"); edge || reader_.take("B")) {
    add_atom({.kind = edge ? Kind::word_edge : Kind::no_word_edge}, false);
    pattern_.has_words = true;
    if (flags_.any_case) pattern_.words = with_both_cases(word_characters());
    return {};
  }
  // Python's names of the ends of a text.
  if (reader_.take("A")) {
    add_atom({.kind = Kind::text_begin}, false);
    return {};
  }
  if (reader_.take("Z") || reader_.take("z")) {
    add_atom({.kind = Kind::text_end}, false);
    return {};
  }
  QUIRE_TRY(CodePoints set, parse_escape(reader_, at, flags_, false));
  return add_folded(at, set);
}

Result<void> Parser::parse_group(size_t at) {
  Group opened{.at = at};
  if (reader_.next_is("?")) {
    for (const bool behind : {false, true}) {
      for (const bool negative : {false, true}) {
        if (!reader_.take(fmt::format("?{}{}", behind ? "<" : "", negative ? '!' : '='))) continue;
        // One waits for what comes, the other for what was: each alone is a state beside the pattern's, a pair is more.
        if (behind ? group().in_ahead : group().in_behind) {
          return reader_.unsupported(at, "a lookahead and a lookbehind in one another");
        }
        opened.looks = true;
        (behind ? opened.in_behind : opened.in_ahead) = true;
        opened.look = {.behind = behind, .negative = negative, .part = {}};
        open(opened);
        return {};
      }
    }
    if (reader_.take("?#")) {
      if (!reader_.take_until(')')) return reader_.invalid(at, "'(?#' without its ')'");
      return {};
    }
    if (reader_.take("?P=")) return reader_.unsupported(at, "a back reference by name");
    if (reader_.take("?P>") || reader_.take("?&") || reader_.take("?R"))
      return reader_.unsupported(at, "a recursive pattern");
    if (reader_.take("?>")) return reader_.unsupported(at, "an atomic group");
    if (reader_.take("?(")) return reader_.unsupported(at, "a conditional group");
    if (reader_.take("?P<") || reader_.take("?<")) {
      const auto name = reader_.take_until('>');
      if (!name || name->empty()) return reader_.invalid(at, "a group without a name between '<' and '>'");
    } else if (!reader_.take("?:")) {
      reader_.take("?");
      return parse_flags(at);
    }
  }
  open(opened);
  return {};
}

// (?i), which holds to the end of the group that it is in, or (?i-s:…), after the '?'.
Result<void> Parser::parse_flags(size_t at) {
  PatternFlags flags = flags_;
  bool value = true;
  while (!reader_.at_end()) {
    const char32_t name = reader_.take_character();
    if (name == 'i') {
      flags.any_case = value;
    } else if (name == 's') {
      flags.dot_all = value;
    } else if (name == 'm') {
      flags.lines = value;
    } else if (name == 'u' && value) {
      // Python's text patterns and these are so anyway.
    } else if (name == '-' && value) {
      value = false;
    } else if (name == ')') {
      flags_ = flags;
      return {};
    } else if (name == ':') {
      open({.at = at});
      flags_ = flags;
      return {};
    } else {
      return reader_.unsupported(at, "the group '(?' with what follows it");
    }
  }
  return reader_.invalid(at, "'(' without its ')'");
}

Result<void> Parser::close_group(size_t at) {
  if (groups_.size() == 1) return reader_.invalid(at, "')' without its '('");
  close();
  const Group closed = groups_.back();
  groups_.pop_back();
  if (!closed.looks) {
    group().atom = {.begin = closed.first_node, .in = closed.in, .out = closed.out};
    group().atom_may_repeat = true;
    return {};
  }
  Look look = closed.look;
  look.part = {.begin = closed.in, .end = closed.out};
  if (look.behind) {
    begin_anywhere(look.part);
  } else {
    end_anywhere(look.part);
  }
  pattern_.looks.push_back(look);
  add_atom({.kind = Kind::look, .what = static_cast<uint32_t>(pattern_.looks.size() - 1)}, false);
  // What was looked for is of the atom, that a copy of it is one of all.
  group().atom.begin = closed.first_node;
  return {};
}

// True when there was one. A '{' that begins no quantifier is itself, as in Python.
Result<bool> Parser::parse_quantifier(size_t at) {
  uint32_t min = 0, max = unbounded;
  PatternReader ahead = reader_;
  if (ahead.take("*")) {
  } else if (ahead.take("+")) {
    min = 1;
  } else if (ahead.take("?")) {
    max = 1;
  } else if (ahead.take("{")) {
    const auto low = ahead.take_number();
    min = low.value_or(0);
    if (ahead.take(",")) {
      const auto high = ahead.take_number();
      if (!low && !high) return false;
      max = high.value_or(unbounded);
    } else if (low) {
      max = min;
    } else {
      return false;
    }
    if (!ahead.take("}")) return false;
  } else {
    return false;
  }
  if (group().atom.in == none) return reader_.invalid(at, "a quantifier with nothing before it");
  if (!group().atom_may_repeat) return reader_.invalid(at, "a quantifier after what is no character");
  if (min > max) return reader_.invalid(at, "a quantifier whose numbers are in the wrong order");
  reader_ = ahead;
  if (reader_.next_is("+")) return reader_.unsupported(at, "a possessive quantifier");
  reader_.take("?");  // which of the matches is found first is nothing to a language
  QUIRE_TRY_VOID(repeat(at, min, max));
  return true;
}

// The last atom becomes min to max copies of itself.
Result<void> Parser::repeat(size_t at, uint32_t min, uint32_t max) {
  const Fragment atom = group().atom;
  const bool endless = max == unbounded;
  const size_t count = endless ? std::max(min, 1U) : max;
  const size_t size = pattern_.nodes.size() - atom.begin;
  if (count > nodes_max || count * size + pattern_.nodes.size() > nodes_max) {
    return reader_.error(ErrorKind::too_large, at, fmt::format("repeats of more than {} parts in all", nodes_max));
  }
  std::vector<Fragment> copies{atom};
  while (copies.size() < count) {
    const auto shift = static_cast<uint32_t>(pattern_.nodes.size() - atom.begin);
    for (size_t index = 0; index < size; ++index) {
      PatternNode copy = pattern_.nodes[atom.begin + index];
      if (copy.next != none) copy.next += shift;
      if (copy.other != none) copy.other += shift;
      add(copy);
    }
    copies.push_back({.begin = 0, .in = atom.in + shift, .out = atom.out + shift});
  }
  if (count == 0) copies.clear();
  wire(copies, min, endless);
  group().atom.begin = atom.begin;
  group().atom_may_repeat = false;  // 'a**' is no pattern
  return {};
}

void Parser::wire(std::vector<Fragment>& copies, uint32_t min, bool endless) {
  const uint32_t out = add({});
  uint32_t in = out;
  if (!copies.empty()) in = add({.next = copies[0].in, .other = min == 0 ? out : none});
  for (size_t index = 0; index < copies.size(); ++index) {
    uint32_t after = out;
    if (index + 1 < copies.size()) {
      after = add({.next = copies[index + 1].in, .other = index + 1 >= min ? out : none});
    } else if (endless) {
      after = add({.next = copies[index].in, .other = out});
    }
    node(copies[index].out).next = after;
  }
  group().atom.in = in;
  group().atom.out = out;
}

}  // namespace

Result<Pattern> parse_pattern(std::string_view text, Match match) {
  if (!is_valid_utf8(text)) return fail(ErrorKind::invalid, "the pattern is not valid UTF-8");
  return Parser(text).parse(match);
}

}  // namespace quire::constraint
