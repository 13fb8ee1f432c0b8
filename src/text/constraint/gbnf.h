// Grammars in llama.cpp's notation.
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/constraint/grammar/grammar.h"

namespace quire::constraint {

// The notation of llama.cpp's grammars/README.md, whole but for tokens (`<think>`, `<[1000]>` and their negations),
// which are ErrorKind::unsupported: a grammar here is of bytes. Texts begin at the rule `root`. Counts of repeats are
// kept exactly, however large. '.' is any character, a line end too; "[]" none, "[^]" any. ErrorKind::invalid says line
// and column, as do the others; a rule that is not defined, or twice, is named. (One that begins with itself is named
// when the grammar is compiled.) ErrorKind::too_large over gbnf_bytes_max, and
// where what is read takes over gbnf_grammar_bytes_max.
inline constexpr size_t gbnf_bytes_max = size_t{1} << 20;
inline constexpr size_t gbnf_grammar_bytes_max = size_t{48} << 20;
Result<Grammar> parse_gbnf(std::string_view text);

}  // namespace quire::constraint
