// Properties of characters beside the general categories: scripts and ECMA-262's binary ones, as PCRE2 knows them.
#pragma once

#include <optional>
#include <string_view>

#include "text/constraint/pattern/code_points.h"

namespace quire::constraint {

// "Script=Greek", "scx=Deva", "Alphabetic"; nothing where ECMA-262 or PCRE2 has no such name.
std::optional<CodePoints> unicode_property(std::string_view name);

}  // namespace quire::constraint
