// The syntaxes that are known, one a row.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "text/parts/form.h"

namespace quire::parts {

// A few literals; places that are not used are empty.
struct Literals {
  std::array<std::string_view, 8> places = {};

  constexpr std::span<const std::string_view> all() const {
    return {places.begin(), std::find(places.begin(), places.end(), std::string_view{})};
  }
};

struct SyntaxRow;

// A whole answer of text with thinking and calls in it: what most models write.
// Thinking begins where no text has come yet: at the beginning, behind other thinking or a call. Elsewhere its mark is
// text, as is an end without a beginning. A call begins behind its mark, and is certain once it names a tool of the
// turn: until then, all of it may be text.
Reading read_free_text(Turn& turn, const SyntaxRow& row);

struct SyntaxRow {
  std::string_view name;
  Literals signs = {};    // a template has it if all of these are in its source; the first row that fits is the one
  Literals parsers = {};  // their names in Ollama's manifests
  std::string_view thinking_begin = {};
  std::string_view thinking_end = {};
  std::span<const CallForm> calls = {};
  Literals dropped = {};  // marks around content that are no text
  Literals tokens = {};   // control tokens of it beyond these marks
  Reading (*read)(Turn&, const SyntaxRow&) = read_free_text;
  // What of an answer was said by a prompt that ends so, beyond the mark of thinking.
  std::string_view (*begun)(std::string_view prompt_end) = nullptr;
};

std::span<const SyntaxRow> syntax_rows();

}  // namespace quire::parts
