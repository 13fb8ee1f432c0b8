// Python's arithmetic on numbers: floor division, signs of remainders, true division.
#pragma once

#include "base/result.h"
#include "text/jinja/ast.h"
#include "text/jinja/value.h"

namespace quire::jinja {

// An error for a division by zero, and for a result that does not fit.
Result<Value> int_arithmetic(BinaryOp op, Int left, Int right);
Result<Value> real_arithmetic(BinaryOp op, double left, double right);
// The integer part of a number; an error when it has none that fits.
Result<Value> truncate_to_int(double value);

}  // namespace quire::jinja
