// The specification of quantize_activations.
#include "kernels/isa_functions.h"
#include "kernels/quantized_rows.h"
#include "kernels/scalar/quant.h"

namespace quire::scalar {
namespace {

GroupTerms quantize_group(const float* x, int8_t* quants) {
  const GroupScale scale = group_scale(max_magnitude(x, quant_group));
  int32_t sums[2] = {0, 0};
  for (int64_t k = 0; k < quant_group; ++k) {
    const int32_t quant = group_quant(x[k], scale.inverse);
    quants[k] = static_cast<int8_t>(quant);
    sums[k / 16] += quant;
  }
  return group_terms(scale.scale, sums[0], sums[1]);
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
