// From a pattern's nondeterministic automaton over code points to a deterministic one over bytes.
#pragma once

#include "base/result.h"
#include "text/constraint/pattern/dfa.h"
#include "text/constraint/pattern/pattern.h"

namespace quire::constraint {

// States that an automaton may have while it is being built: at about 200 bytes each, and a millisecond for 2,000.
inline constexpr size_t states_max = 1 << 15;
// What an error over it says.
Error too_many_states();

Result<ByteDfa> to_dfa(const Pattern& pattern);

}  // namespace quire::constraint
