// Numbers as Go writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace quire::gotemplate {

// strconv.FormatFloat: format is one of e E f g G; without a precision, the fewest digits that read back as the number.
// The sign is there when the number is negative.
std::string float_text(double number, char format, std::optional<int> precision);

// As encoding/json writes it: without an exponent from 1e-6 up to 1e21. REQUIRES: number is finite.
std::string json_number(double number);

// Digits of a number in base 2, 8, 10 or 16, lower case.
std::string digits_of(uint64_t number, unsigned base);

}  // namespace quire::gotemplate
