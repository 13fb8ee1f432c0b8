#include "base/fixed_math.h"

#include <limits>

namespace quire {
namespace {

using namespace fixed_math;

double scale_by_power_of_two(double value, int64_t exponent) {
  return value * std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52);
}

}  // namespace

double fixed_exp(double x) {
  if (x != x) return x;
  if (x > 709.0) return std::numeric_limits<double>::infinity();
  if (x < -708.0) return 0.0;
  // x = k ln 2 + r with |r| <= ln 2 / 2; then the Taylor series of e^r, whose 15th term is below 2^-60 there.
  const double scaled = x * log2_e;
  const int64_t k = static_cast<int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const double exponent = static_cast<double>(k);
  const double r = (x - exponent * ln2_high) - exponent * ln2_low;
  double sum = 1.0;
  for (int term = 14; term >= 1; --term) sum = 1.0 + r * sum / term;
  return scale_by_power_of_two(sum, k);
}

double fixed_log(double x) {
  if (x == 0.0) return -std::numeric_limits<double>::infinity();
  const auto bits = std::bit_cast<uint64_t>(x);
  int64_t exponent = static_cast<int64_t>(bits >> 52) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL);
  if (exponent == -1023) return fixed_log(x * 0x1p54) - 54 * (ln2_high + ln2_low);  // subnormal
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    ++exponent;
  }
  // log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| <= 0.1716: the 12th odd power is below 2^-60.
  const double s = (mantissa - 1.0) / (mantissa + 1.0);
  const double square = s * s;
  double sum = 0.0;
  for (int power = 25; power >= 1; power -= 2) sum = sum * square + 1.0 / power;
  const double k = static_cast<double>(exponent);
  return k * ln2_high + (2.0 * s * sum + k * ln2_low);
}

}  // namespace quire
