// What a group of quantized weights adds to an output, in its written order (kernels.h: MatmulArgs).
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/quantized_rows.h"
#include "kernels/scalar/unpack.h"

namespace quire::scalar {

// The products' sum, of the sums of the two halves.
inline float scaled_sum(const OutputScales& scales, float first, float second) {
  return std::fma(second, scales.sub_scales[1], first * scales.sub_scales[0]);
}

// Where minima are of halves: what they subtract, but for its scale.
inline float minima_sum(const OutputScales& scales, const GroupTerms& terms) {
  const auto first = static_cast<float>(terms.minus_first);
  const auto last = static_cast<float>(terms.minus_sum - terms.minus_first);
  return std::fma(last, scales.minima[1], first * scales.minima[0]);
}

// acc, the group's products and its minima. minimum: minima[0] of the group, or minima_scale of halves.
inline float add_group(Minima minima_of, float sum, float scale, float minimum, float minima_sum,
                       const GroupTerms& terms, float acc) {
  acc = std::fma(sum, scale * terms.scale, acc);
  if (minima_of == Minima::of_group) return std::fma(minimum, terms.scaled_sum, acc);
  return minima_of == Minima::of_halves ? std::fma(minima_sum, minimum * terms.scale, acc) : acc;
}

// Weight k of a panel of an output in F32, F16 or BF16.
inline float load_weight(ElementType type, const uint8_t* panel, int64_t k, int64_t lane) {
  if (type == ElementType::bf16) return load_bf16_weight(panel, k, lane);
  if (type == ElementType::f16) return load_f16(panel, k * lanes + lane);
  return load_number<float>(panel, k * lanes + lane);
}

}  // namespace quire::scalar
