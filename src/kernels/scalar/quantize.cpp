// The specification of quantize_activations.
#include <bit>
#include <limits>

#include "kernels/isa_functions.h"
#include "kernels/quantized_rows.h"
#include "kernels/scalar/quant.h"

namespace quire::scalar {
namespace {

GroupTerms quantize_group(const float* x, int8_t* quants) {
  const uint32_t max_bits = max_magnitude(x, quant_group);
  const float max = std::bit_cast<float>(max_bits);
  float inverse = 0.0F;
  float scale = 0.0F;
  if (max_bits >= infinity_bits) {
    scale = std::numeric_limits<float>::quiet_NaN();
  } else if (max >= quant_floor) {
    scale = max / 127.0F;
    inverse = 127.0F / max;
  }
  int32_t sums[2] = {0, 0};
  for (int64_t k = 0; k < quant_group; ++k) {
    const int32_t quant = inverse == 0.0F ? 0 : round_to_int(x[k] * inverse);
    quants[k] = static_cast<int8_t>(quant);
    sums[k / 16] += quant;
  }
  const int32_t sum = sums[0] + sums[1];
  return {.scale = scale, .minus_first = -sums[0], .minus_sum = -sum, .scaled_sum = scale * static_cast<float>(sum)};
}

}  // namespace

void quantize_activations(const QuantizeArgs& args) {
  std::byte* group = args.tile;
  for (int64_t k = 0; k < args.inputs; k += quant_group, group += args.rows * quantized_group_bytes) {
    auto* const terms = reinterpret_cast<GroupTerms*>(group + args.rows * quant_group);
    for (int64_t r = 0; r < args.rows; ++r) {
      terms[r] = quantize_group(args.x + r * args.inputs + k, reinterpret_cast<int8_t*>(group) + r * quant_group);
    }
  }
}

}  // namespace quire::scalar
