// f32 arithmetic that flushes subnormal results to zero (FTZ), as the bf16 products of AVX-512 and AMX do.
#pragma once

#include <cmath>

namespace quire::scalar {

inline constexpr float smallest_normal = 0x1p-126F;

// x86 asks whether a result is subnormal after rounding it as if exponents had no end: what rounds up to 2^-126 from
// below has to be rounded again, 2^64 times as large. REQUIRES: no operand is subnormal.
inline float fma_flushed(float a, float b, float c) {
  const float result = std::fma(a, b, c);
  if (!(std::abs(result) <= smallest_normal)) return result;
  const bool subnormal = std::abs(std::fma(a * 0x1p64F, b, c * 0x1p64F)) < smallest_normal * 0x1p64F;
  return subnormal ? std::copysign(0.0F, result) : result;
}

// A sum of normal numbers that is below 2^-126 is exact.
inline float add_flushed(float a, float b) {
  const float result = a + b;
  return std::abs(result) < smallest_normal ? std::copysign(0.0F, result) : result;
}

// A subnormal operand is zero with its sign (DAZ).
inline float without_subnormal(float value) {
  return std::abs(value) < smallest_normal ? std::copysign(0.0F, value) : value;
}

}  // namespace quire::scalar
