// A pattern taken apart: a nondeterministic automaton over code points, with what has to be looked at around a place.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/constraint/pattern/code_points.h"
#include "text/constraint/pattern/regular.h"

namespace quire::constraint {

struct PatternNode {
  static constexpr uint32_t none = UINT32_MAX;
  enum class Kind : uint8_t {
    jump,        // on to next, and to other
    characters,  // one of sets[what], then next
    text_begin,
    text_end,
    line_begin,
    line_end,
    word_edge,
    no_word_edge,
    look,  // looks[what] holds here
  };
  Kind kind = Kind::jump;
  uint32_t what = 0;
  uint32_t next = none, other = none;
};

// From begin to end. `rest` is the loop over whatever follows what was looked for: who is there needs to read no
// further.
struct PatternPart {
  uint32_t begin = 0, end = 0, rest = PatternNode::none;
};

struct Look {
  bool behind = false, negative = false;
  PatternPart part;
};

struct Pattern {
  std::vector<PatternNode> nodes;
  std::vector<CodePoints> sets;
  std::vector<Look> looks;  // one refers to earlier ones alone
  PatternPart part;
  bool has_words = false, has_lines = false;  // word_edge, line_begin and line_end occur
  CodePoints words;                           // what word_edge takes for a word's characters
};

Result<Pattern> parse_pattern(std::string_view text, Match match);

}  // namespace quire::constraint
