// quantize_activations in lanes.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/constants.h"
#include "kernels/kernels.h"
#include "kernels/lanes/magnitude.h"
#include "kernels/quantized_rows.h"

namespace quire {
namespace {

QUIRE_LEAF_INLINE void quantize_group(const float* x, int8_t* quants, GroupTerms& terms) {
  const Floats halves[2] = {load(x), load(x + 16)};
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
  store_i8(quants, rounded[0]);
  store_i8(quants + 16, rounded[1]);
  const int32_t first = sum_words(rounded[0]);
  const int32_t sum = first + sum_words(rounded[1]);
  terms = {scale, -first, -sum, scale * static_cast<float>(sum)};
}

QUIRE_LEAF_INLINE void quantize_lanes(const QuantizeArgs& args) {
  const int64_t stride = args.rows * quantized_group_bytes;
  for (int64_t r = 0; r < args.rows; ++r) {
    auto* quants = reinterpret_cast<int8_t*>(args.tile) + r * quant_group;
    auto* terms = reinterpret_cast<GroupTerms*>(args.tile + args.rows * quant_group) + r;
    for (int64_t k = 0; k < args.inputs; k += quant_group) {
      quantize_group(args.x + r * args.inputs + k, quants, *terms);
      quants += stride;
      terms += stride / static_cast<int64_t>(sizeof(GroupTerms));
    }
  }
}

}  // namespace
}  // namespace quire
