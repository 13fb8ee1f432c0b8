// Sets of numbers as the decimal texts that spell them.
//
// Between front end and grammar a set has every spelling without an exponent ("-0", "1", "1.0", "1.500"), so that it is
// regular whatever bounds and steps it has, and can be intersected, united and subtracted exactly.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "text/constraint/pattern/regular.h"

namespace quire::constraint {

// Exactly what a JSON number says.
struct Decimal {
  static constexpr size_t digits_max = 400;  // those of the largest double, and more
  bool negative = false;
  std::string whole = {};     // no zeros before it; "" is 0
  std::string fraction = {};  // no zeros after it

  bool is_zero() const { return whole.empty() && fraction.empty(); }
  bool is_whole() const { return fraction.empty(); }
  // REQUIRES: a JSON number. ErrorKind::too_large over digits_max.
  static Result<Decimal> parse(std::string_view text);
};

enum class Order : uint8_t { less, equal, greater };

Regular all_numbers();
Regular whole_numbers();
// The numbers that stand so to the bound.
Regular numbers(Order order, const Decimal& bound);
// The multiples of a step. REQUIRES: step > 0. ErrorKind::too_large where its digits are too many to count with.
Result<Regular> multiples(const Decimal& step);

// How these numbers are written: integers alone as digits (a writer should not give an integer a fraction: JSON Schema
// 2020-12, 6.3); else every spelling without an exponent, and with one where that cannot leave the set: whatever its
// sign allows alone, and beyond 1e16 or within 1e-4 what all of that side is in the set.
Result<Regular> spelled(const Regular& numbers);

}  // namespace quire::constraint
