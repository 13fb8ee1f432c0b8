// The specification of BF16 weights that meet bf16 activations: the arithmetic of VDPBF16PS (Intel SDM volume 2, its
// Operation section).
#include <algorithm>

#include "kernels/isa_functions.h"
#include "kernels/packed_layout.h"
#include "kernels/scalar/flushed.h"
#include "kernels/scalar/half.h"
#include "kernels/scalar/unpack.h"

namespace quire::scalar {

void round_activations(const float* x, int64_t rows, int64_t inputs, uint16_t* rounded) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t k = 0; k < inputs; ++k) *rounded++ = bf16_of_f32(*x++);
    if (inputs % 2 == 1) *rounded++ = 0;
  }
}

void matmul_pairs(const MatmulArgs& args) {
  const int64_t inputs = args.weights.inputs;
  const int64_t stride = (inputs + 1) / 2 * 2;
  for (int64_t output = args.panel_begin * lanes; output < std::min(args.panel_end * lanes, args.weights.outputs);
       ++output) {
    const auto* panel = reinterpret_cast<const uint8_t*>(args.weights.bytes) +
                        output / lanes * packed::panel_bytes(args.weights.type, inputs);
    for (int64_t row = 0; row < args.x.rows; ++row) {
      const uint16_t* const x = args.x.rounded + row * stride;
      const auto add_product = [&](float acc, int64_t k) {
        return fma_flushed(without_subnormal(load_bf16_weight(panel, k, output % lanes)), f32_of_bf16(x[k]), acc);
      };
      float acc = 0.0F;
      for (int64_t k = 0; k < stride; k += 2) acc = add_product(add_product(acc, k + 1), k);
      args.y[row * args.y_stride + output] = acc;
    }
  }
}

}  // namespace quire::scalar
