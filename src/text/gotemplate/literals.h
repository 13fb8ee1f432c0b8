// Go's literals.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "text/gotemplate/value.h"

namespace quire::gotemplate {

// An int or a float64, by its spelling: 12, 0x1F, 0b1, 1_000, 1.5, 1e3. An error for an int of more than 64 bits, for a
// float too large and for complex numbers.
Result<Value> number_literal(std::string_view text);
// 'x' as an int: the code point.
Result<Value> character_literal(std::string_view text);
// What a "string" or a `raw string` stands for. REQUIRES: text has its quotes.
Result<std::string> string_literal(std::string_view text);

}  // namespace quire::gotemplate
