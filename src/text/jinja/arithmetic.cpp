#include "text/jinja/arithmetic.h"

#include <cmath>

#include "text/jinja/render.h"

namespace quire::jinja {

namespace {

constexpr double int_limit = 8.5e37;  // half of 2^127: sums and products of what is below are exact in an Int

std::unexpected<Error> too_large() { return limit_error("the integer is too large"); }
std::unexpected<Error> by_zero() { return template_error("division by zero"); }

bool fits(double estimate) { return std::fabs(estimate) < int_limit; }

Result<Value> multiply(Int left, Int right) {
  if (!fits(static_cast<double>(left) * static_cast<double>(right))) return too_large();
  return Value(static_cast<Int>(static_cast<UnsignedInt>(left) * static_cast<UnsignedInt>(right)));
}

Int floor_quotient(Int left, Int right) {
  const Int quotient = left / right;
  return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
}

Result<Value> power(Int base, Int exponent) {
  if (exponent < 0) return real_arithmetic(BinaryOp::power, static_cast<double>(base), static_cast<double>(exponent));
  Value result = integer(int64_t{1});
  if (base == 0 || base == 1) return exponent == 0 ? result : Value(base);
  if (base == -1) return integer(int64_t{exponent % 2 == 0 ? 1 : -1});
  for (Int i = 0; i < exponent; ++i) {  // at most 126 rounds: then the product no longer fits
    QUIRE_TRY(result, multiply(*result.as<Int>(), base));
  }
  return result;
}

// The quotient rounded down and the remainder with the divisor's sign.
void divide_floor(double left, double right, double& quotient, double& remainder) {
  remainder = std::fmod(left, right);
  double exact = (left - remainder) / right;
  if (remainder != 0 && (right < 0) != (remainder < 0)) {
    remainder += right;
    exact -= 1;
  }
  if (remainder == 0) remainder = std::copysign(0.0, right);
  quotient = std::floor(exact);
  if (exact - quotient > 0.5) quotient += 1;
}

}  // namespace

Result<Value> int_arithmetic(BinaryOp op, Int left, Int right) {
  switch (op) {
    case BinaryOp::add:
      if (!fits(static_cast<double>(left) + static_cast<double>(right))) return too_large();
      return Value(static_cast<Int>(left + right));
    case BinaryOp::subtract:
      if (!fits(static_cast<double>(left) - static_cast<double>(right))) return too_large();
      return Value(static_cast<Int>(left - right));
    case BinaryOp::multiply:
      return multiply(left, right);
    case BinaryOp::divide:
      if (right == 0) return by_zero();
      return Value(static_cast<double>(left) / static_cast<double>(right));
    case BinaryOp::floor_divide:
      if (right == 0) return by_zero();
      return Value(floor_quotient(left, right));
    case BinaryOp::modulo:
      if (right == 0) return template_error("integer modulo by zero");
      return Value(static_cast<Int>(left - floor_quotient(left, right) * right));
    case BinaryOp::power:
      return power(left, right);
  }
  return too_large();
}

Result<Value> real_arithmetic(BinaryOp op, double left, double right) {
  double quotient = 0, remainder = 0;
  if (right == 0 && (op == BinaryOp::divide || op == BinaryOp::floor_divide || op == BinaryOp::modulo))
    return by_zero();
  switch (op) {
    case BinaryOp::add:
      return Value(left + right);
    case BinaryOp::subtract:
      return Value(left - right);
    case BinaryOp::multiply:
      return Value(left * right);
    case BinaryOp::divide:
      return Value(left / right);
    case BinaryOp::floor_divide:
      divide_floor(left, right, quotient, remainder);
      return Value(quotient);
    case BinaryOp::modulo:
      divide_floor(left, right, quotient, remainder);
      return Value(remainder);
    case BinaryOp::power:
      break;
  }
  if (left == 0 && right < 0) return template_error("0.0 cannot be raised to a negative power");
  if (left < 0 && right != std::floor(right)) return template_error("complex numbers are not supported");
  const double result = std::pow(left, right);
  if (std::isinf(result) && std::isfinite(left) && std::isfinite(right)) return limit_error("the number is too large");
  return Value(result);
}

Result<Value> truncate_to_int(double value) {
  if (std::isnan(value)) return template_error("cannot convert float NaN to integer");
  if (!fits(value)) return template_error("the number is too large for an integer");
  return Value(static_cast<Int>(value));
}

}  // namespace quire::jinja
