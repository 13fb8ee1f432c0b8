// quantize_activations in lanes.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/constants.h"
#include "kernels/kernels.h"
#include "kernels/lanes/magnitude.h"

namespace quire {
namespace {

QUIRE_LEAF_INLINE void quantize_lanes(const float* x, int64_t groups, int8_t* quants, float* scales,
                                      int32_t* quant_sums, float* group_sums) {
  for (int64_t g = 0; g < groups; ++g) {
    const Floats halves[2] = {load(x + g * quant_group), load(x + g * quant_group + 16)};
    const int32_t max_bits = max_magnitude(halves[0], halves[1]);
    const float max = float_of_bits(max_bits);
    float scale = 0.0F;
    Words rounded[2] = {zero_words(), zero_words()};
    if (max_bits >= infinity_bits) {
      scale = __builtin_nanf("");
    } else if (max >= quant_floor) {
      scale = max / 127.0F;
      const Floats inverse = broadcast(127.0F / max);
      rounded[0] = round_to_words(multiply(halves[0], inverse));
      rounded[1] = round_to_words(multiply(halves[1], inverse));
    }
    const int32_t first = sum_words(rounded[0]);
    const int32_t all = first + sum_words(rounded[1]);
    store_i8(quants + g * quant_group, rounded[0]);
    store_i8(quants + g * quant_group + 16, rounded[1]);
    scales[g] = scale;
    quant_sums[2 * g] = first;
    quant_sums[2 * g + 1] = all;
    group_sums[g] = scale * static_cast<float>(all);
  }
}

}  // namespace
}  // namespace quire
