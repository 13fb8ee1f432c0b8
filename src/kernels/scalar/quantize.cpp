// The specification of quantize_activations.
#include <bit>
#include <limits>

#include "kernels/isa_functions.h"
#include "kernels/scalar/quant.h"

namespace quire::scalar {
namespace {

// One group of values; the pointers are of what is made of it.
void quantize_group(const float* group, int8_t* quants, float& scale, int32_t* quant_sums, float& group_sum) {
  const uint32_t max_bits = max_magnitude(group, quant_group);
  const float max = std::bit_cast<float>(max_bits);
  float inverse = 0.0F;
  scale = 0.0F;
  if (max_bits >= infinity_bits) {
    scale = std::numeric_limits<float>::quiet_NaN();
  } else if (max >= quant_floor) {
    scale = max / 127.0F;
    inverse = 127.0F / max;
  }
  int32_t sums[2] = {0, 0};
  for (int64_t k = 0; k < quant_group; ++k) {
    const int32_t quant = inverse == 0.0F ? 0 : round_to_int(group[k] * inverse);
    quants[k] = static_cast<int8_t>(quant);
    sums[k / 16] += quant;
  }
  quant_sums[0] = sums[0];
  quant_sums[1] = sums[0] + sums[1];
  group_sum = scale * static_cast<float>(sums[0] + sums[1]);
}

}  // namespace

void quantize_activations(const float* x, int64_t rows, int64_t inputs, int8_t* quants, float* scales,
                          int32_t* quant_sums, float* group_sums) {
  for (int64_t g = 0; g < rows * inputs / quant_group; ++g) {
    quantize_group(x + g * quant_group, quants + g * quant_group, scales[g], quant_sums + 2 * g, group_sums[g]);
  }
}

}  // namespace quire::scalar
