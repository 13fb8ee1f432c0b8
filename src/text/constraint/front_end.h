// What a request says an answer must be, as a grammar.
#pragma once

#include "base/result.h"
#include "text/constraint/grammar/grammar.h"
#include "text/constraint/spec.h"

namespace quire::constraint {

// Errors are those of the kind's own parser (schema.h, regular.h, gbnf.h), and name what they are about: a schema's
// keyword, the character of a pattern, a grammar's line. ErrorKind::invalid for no choices, choices that are no UTF-8,
// and a pattern that no text matches.
Result<Grammar> grammar_of(const Spec& spec);

}  // namespace quire::constraint
