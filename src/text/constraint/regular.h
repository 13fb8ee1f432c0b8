// Regular languages of UTF-8 text: patterns, and what can be said of them together.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/constraint/grammar.h"

namespace quire::constraint {

// How a pattern is meant: `anywhere` as JSON Schema's, which a text matches that holds a match; `whole` as an answer's.
enum class Match : uint8_t { anywhere, whole };

// A deterministic automaton over bytes, minimal, of valid UTF-8 texts alone. A value; equal languages have equal states.
class Regular {
 public:
  // ECMA-262 syntax with the `u` flag, and what Python's `re` shares with it. What is no regular language (back
  // references, look-around that cannot be decided) is ErrorKind::unsupported and named with its place; too many states
  // ErrorKind::too_large.
  static Result<Regular> parse(std::string_view pattern, Match match);
  static Regular nothing();                  // no text
  static Regular any();                      // every text
  static Regular of(std::span<const std::string> texts);
  static Regular characters(uint64_t min, uint64_t max);  // texts of so many code points; max may be UINT64_MAX

  Result<Regular> both(const Regular& other) const;
  Result<Regular> either(const Regular& other) const;
  Result<Regular> without(const Regular& other) const;

  bool is_empty() const;
  bool matches(std::string_view text) const;
  // The same texts as the inside of a JSON string, without its quotes: what must be escaped is (in its short form or as
  // \u00XX), nothing else.
  Result<Regular> as_json_string() const;
  // As a node of a grammar.
  NodeId add_to(Grammar& grammar) const;
  size_t state_count() const { return states_.size(); }

 private:
  struct State {
    std::array<uint32_t, 256> next{};
    bool accepts = false;
  };
  std::vector<State> states_;  // 0 is where texts begin
};

}  // namespace quire::constraint
