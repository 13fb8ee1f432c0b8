// exp and log with the same bits on every machine: the C library picks variants by processor. Pure; any thread.
#pragma once

#include <bit>
#include <cstdint>

namespace quire {

namespace fixed_math {
inline constexpr double log2_e = 1.4426950408889634;
// ln 2 in two parts: the first has trailing zeros, so that k * ln2_high is exact for every exponent k.
inline constexpr double ln2_high = 0x1.62e42fefa0000p-1;
inline constexpr double ln2_low = 0x1.cf79abc9e3b39p-40;
}  // namespace fixed_math

// exp(x), relative error < 4e-15 where the result is normal; 0 below -708, infinity above 709.
double fixed_exp(double x);

// exp(x), relative error < 1e-11. Without a branch, so that loops over it can be vectorized. REQUIRES: -700 <= x <=
// 700.
inline double fixed_exp_coarse(double x) {
  using namespace fixed_math;
  // x = k ln 2 + r with |r| <= ln 2 / 2; then the Taylor series of e^r, whose 10th term is below 7e-12 there.
  constexpr double rounder = 0x1.8p52;  // what is added to it is rounded to an integer, which fills the lowest bits
  const double shifted = x * log2_e + rounder;
  const double k = shifted - rounder;
  const double r = (x - k * ln2_high) - k * ln2_low;
  double sum = 1.0 / 362880;
  sum = sum * r + 1.0 / 40320;
  sum = sum * r + 1.0 / 5040;
  sum = sum * r + 1.0 / 720;
  sum = sum * r + 1.0 / 120;
  sum = sum * r + 1.0 / 24;
  sum = sum * r + 1.0 / 6;
  sum = sum * r + 0.5;
  sum = sum * r + 1.0;
  sum = sum * r + 1.0;
  const uint64_t power = std::bit_cast<uint64_t>(shifted) << 52;
  return std::bit_cast<double>(std::bit_cast<uint64_t>(sum) + power);
}

// log(x) for finite x > 0, relative error < 4e-15 away from 1, absolute error < 1e-16 near it; -infinity at 0.
double fixed_log(double x);

}  // namespace quire
