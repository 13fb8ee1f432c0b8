// Ranges of characters as bytes of UTF-8.
#pragma once

#include <span>
#include <utility>

#include "text/constraint/grammar/grammar.h"

namespace quire::constraint {

// One character of these ranges of code points (both ends in them); what UTF-8 cannot write (surrogates, above
// U+10FFFF) is left out. Alternatives are told apart by their first byte, the rest of each again by its first, so that
// an automaton is in few of them at a time.
NodeId add_characters(Grammar& grammar, std::span<const std::pair<char32_t, char32_t>> ranges);

}  // namespace quire::constraint
