// Rules that begin with themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "text/constraint/automaton/program.h"

namespace quire::constraint {

// A call through which a machine could call for ever without reading a byte; none: there is none. A rule that is
// nothing but another one leaves nothing on the stack, and may come back to itself. `nullable_calls`: by position,
// whether what is called has the empty text.
std::optional<uint32_t> find_left_recursion(const Program& program, const std::vector<bool>& nullable_calls);

}  // namespace quire::constraint
