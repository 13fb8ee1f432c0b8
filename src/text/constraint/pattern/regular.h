// Regular languages of UTF-8 text: patterns, and what can be said of them together.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "text/constraint/grammar/grammar.h"
#include "text/constraint/pattern/dfa.h"

namespace quire::constraint {

// How a pattern is meant: `anywhere` as JSON Schema's, which a text matches that holds a match; `whole` as an answer's.
enum class Match : uint8_t { anywhere, whole };

// A deterministic automaton over bytes, minimal, of valid UTF-8 texts alone. A value; equal languages are equal values.
class Regular {
 public:
  // ECMA-262 syntax with the `u` flag, and of Python's `re` what that leaves free: (?P<name>…), (?i), (?s), (?m), \A,
  // \Z,
  // {,n}, comments, and braces that are no quantifier. Where they differ ECMA-262 counts: '$' is the end alone, \d, \w
  // and \s are its classes, "[]" is empty. What is no regular language (back references) and what is not told here (a
  // lookbehind in a lookahead, atomic groups) is ErrorKind::unsupported, named with its place, as what is invalid is;
  // too many states or too much work ErrorKind::too_large.
  static Result<Regular> parse(std::string_view pattern, Match match);
  static Regular nothing();  // no text
  static Regular any();      // every text
  // What an automaton accepts. REQUIRES: valid UTF-8 texts alone.
  static Regular of_automaton(const ByteDfa& automaton) { return Regular(canonical(automaton)); }
  // ErrorKind::too_large, or invalid where a text is no UTF-8.
  static Result<Regular> of(std::span<const std::string> texts);
  // Texts of so many code points; max may be UINT64_MAX. ErrorKind::too_large, as a count takes states.
  static Result<Regular> characters(uint64_t min, uint64_t max);

  // ErrorKind::too_large.
  Result<Regular> both(const Regular& other) const;
  Result<Regular> either(const Regular& other) const;
  Result<Regular> without(const Regular& other) const;

  bool is_empty() const;
  bool matches(std::string_view text) const;
  // The same texts as the inside of a JSON string, without its quotes: what must be escaped is (in its short form where
  // it has one, else as \u00XX), nothing else.
  Result<Regular> as_json_string() const;
  // As a node of a grammar.
  NodeId add_to(Grammar& grammar) const;
  size_t state_count() const { return automaton_.dfa.state_count(); }
  bool operator==(const Regular&) const = default;

 private:
  explicit Regular(ByteDfa automaton) : automaton_(std::move(automaton)) {}

  ByteDfa automaton_;  // canonical
};

}  // namespace quire::constraint
