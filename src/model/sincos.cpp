#include "model/sincos.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/check.h"

namespace quire {
namespace {

// pi / 2 as a sum: the nearest double, and what it lacks.
constexpr double half_pi_high = 0x1.921fb54442d18p+0;
constexpr double half_pi_low = 0x1.1a62633145c07p-54;

// Adding and subtracting 1.5 * 2^52 rounds to the nearest integer.
constexpr double rounder = 0x1.8p+52;

// 1 / first!, -1 / (first + 2)!, ...
template <size_t count>
constexpr std::array<double, count> alternating_factorials(int first) {
  std::array<double, count> result{};
  double factorial = 1.0;
  int n = 1;
  for (size_t i = 0; i < count; ++i) {
    for (; n <= first + 2 * static_cast<int>(i); ++n) factorial *= n;
    result[i] = (i % 2 == 0 ? 1.0 : -1.0) / factorial;
  }
  return result;
}

template <size_t count>
double polynomial(const std::array<double, count>& coefficients, double x) {
  double sum = coefficients[count - 1];
  for (size_t i = count - 1; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

}  // namespace

SinCos fixed_sincos(double x) {
  QUIRE_CHECK(std::fabs(x) < 1073741824.0, "the quarter turns are few enough for the reduction below");
  // x = k pi / 2 + r with |r| <= pi / 4. The fused product is exact before it is rounded, so r is as good as a double
  // can be. (fma is correctly rounded wherever it is computed: its bits do not depend on the machine.)
  const double k = (x / half_pi_high + rounder) - rounder;
  const double r = std::fma(-k, half_pi_low, std::fma(-k, half_pi_high, x));
  // The first terms left out, r^19 / 19! and r^22 / 22!, are below 2^-62.
  static constexpr auto sine_terms = alternating_factorials<9>(1);
  static constexpr auto cosine_terms = alternating_factorials<10>(2);
  const double square = r * r;
  const double sine = r * polynomial(sine_terms, square);
  const double cosine = 1.0 - square * polynomial(cosine_terms, square);
  switch (static_cast<int64_t>(k) & 3) {
    case 0:
      return {.sine = sine, .cosine = cosine};
    case 1:
      return {.sine = cosine, .cosine = -sine};
    case 2:
      return {.sine = -sine, .cosine = -cosine};
    default:
      return {.sine = -cosine, .cosine = sine};
  }
}

}  // namespace quire
