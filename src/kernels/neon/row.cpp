#include "kernels/neon/lanes.h"
// Bodies are written in its words.
#include "kernels/isa_functions.h"
#include "kernels/lanes/quantize_body.h"
#include "kernels/lanes/row_body.h"

namespace quire::neon {

void quantize_activations(const QuantizeArgs& args) { quantize_lanes(args); }

void rms_norm(const float* x, const float* weight, float epsilon, int64_t n, float* y) {
  rms_norm_lanes(x, weight, epsilon, n, y);
}

void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, int64_t n, float* y) {
  layer_norm_lanes(x, weight, bias, epsilon, n, y);
}

float mean_square(const float* x, int64_t n) { return mean_square_lanes(x, n); }

void keep_excess(float* x, float deviations, int64_t n) { keep_excess_lanes(x, deviations, n); }

void rope(float* heads, int64_t n_heads, int64_t head_dim, int64_t rotary, bool neox, const float* cosines,
          const float* sines) {
  rope_lanes(heads, n_heads, head_dim, rotary, neox, cosines, sines);
}

void silu_mul(float* gate, const float* up, int64_t n) { silu_mul_lanes(gate, up, n); }

void gelu(float* x, int64_t n) { gelu_lanes(x, n); }

void gelu_mul(float* gate, const float* up, int64_t n) { gelu_mul_lanes(gate, up, n); }

void clamped_swiglu(float* gate, const float* up, int64_t n) { clamped_swiglu_lanes(gate, up, n); }

void sigmoid(float* x, int64_t n) { sigmoid_lanes(x, n); }

void softplus(float* x, int64_t n) { softplus_lanes(x, n); }

void softmax(float* x, int64_t n) { softmax_lanes(x, n); }

void gelu_erf(float* x, int64_t n) { gelu_erf_lanes(x, n); }

void gelu_erf_mul(float* gate, const float* up, int64_t n) { gelu_erf_mul_lanes(gate, up, n); }

void relu_squared(float* x, int64_t n) { relu_squared_lanes(x, n); }

void scale(float* x, float factor, int64_t n) { scale_lanes(x, factor, n); }

void multiply(float* x, const float* y, int64_t n) { multiply_lanes(x, y, n); }

void softcap(float* x, float cap, int64_t n) { softcap_lanes(x, cap, n); }

void add(float* y, const float* x, int64_t n) { add_lanes(y, x, n); }

void add_scaled(float* y, const float* x, float factor, int64_t n) { add_scaled_lanes(y, x, factor, n); }

void mix(const MixArgs& args) { mix_lanes(args); }

int64_t largest(const float* x, int64_t n) { return largest_lanes(x, n); }

}  // namespace quire::neon
