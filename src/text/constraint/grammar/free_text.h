// Text that is free up to something.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "text/constraint/grammar/grammar.h"

namespace quire::constraint {

constexpr size_t free_until_bytes_max = 4096;

// Any bytes, none of the texts anywhere in them; nothing is a free text too. It may end with the beginning of one of
// them. What comes after it is the grammar's: sequence({free_until(...), bytes(text), ...}). Control tokens are none of
// it. An empty text is ErrorKind::invalid; over free_until_bytes_max of them ErrorKind::too_large.
Result<NodeId> free_until(Grammar& grammar, std::span<const std::string> texts);

}  // namespace quire::constraint
