// How results of bf16 products are compared.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace quire::test {

// Equal bits, but that a NaN is a NaN.
inline bool same_results(const std::vector<float>& a, const std::vector<float>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (std::bit_cast<uint32_t>(a[i]) != std::bit_cast<uint32_t>(b[i])) return false;
  }
  return true;
}

}  // namespace quire::test
