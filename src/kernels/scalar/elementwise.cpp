// The specification of the operations on one row: norms, rope, activations, sums, and of exp_approx.
#include <cmath>
#include <limits>

#include "kernels/isa_functions.h"
#include "kernels/scalar/functions.h"

namespace quire {

float exp_approx(float x) { return scalar::exp_of(x); }

namespace scalar {

namespace {

float tree_sum(float (&partial)[16]) {
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) partial[i] += partial[i + half];
  }
  return partial[0];
}

float mean_of(const float* x, int64_t n) {
  float sums[16] = {};
  for (int64_t i = 0; i < n; ++i) sums[i % 16] += x[i];
  return tree_sum(sums) / static_cast<float>(n);
}

float squares_around(float mean, const float* x, int64_t n) {
  float squares[16] = {};
  for (int64_t i = 0; i < n; ++i) squares[i % 16] = std::fma(x[i] - mean, x[i] - mean, squares[i % 16]);
  return tree_sum(squares);
}

}  // namespace

float mean_square(const float* x, int64_t n) { return squares_around(0.0F, x, n) / static_cast<float>(n); }

void keep_excess(float* x, float deviations, int64_t n) {
  const float mean = mean_of(x, n);
  const float limit = mean + deviations * std::sqrt(squares_around(mean, x, n) / static_cast<float>(n));
  for (int64_t i = 0; i < n; ++i) x[i] = max_of(0.0F, x[i] - limit);
}

void rms_norm(const float* x, const float* weight, float epsilon, int64_t n, float* y) {
  const float factor = norm_factor(squares_around(0.0F, x, n), static_cast<float>(n), epsilon);
  for (int64_t i = 0; i < n; ++i) y[i] = (x[i] * factor) * weight[i];
}

void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, int64_t n, float* y) {
  const float mean = mean_of(x, n);
  const float factor = norm_factor(squares_around(mean, x, n), static_cast<float>(n), epsilon);
  for (int64_t i = 0; i < n; ++i) {
    y[i] = layer_norm_of(x[i], mean, factor, weight[i], bias == nullptr ? nullptr : bias + i);
  }
}

void rope(float* heads, int64_t n_heads, int64_t head_dim, int64_t rotary, bool neox, const float* cosines,
          const float* sines) {
  const int64_t pairs = rotary / 2;
  for (int64_t head = 0; head < n_heads; ++head) {
    float* x = heads + head * head_dim;
    for (int64_t d = 0; d < pairs; ++d) {
      float& first = x[neox ? d : 2 * d];
      float& second = x[neox ? d + pairs : 2 * d + 1];
      const Pair pair = turned({first, second}, cosines[d], sines[d]);
      first = pair.first;
      second = pair.second;
    }
  }
}

void silu_mul(float* gate, const float* up, int64_t n) {
  for (int64_t i = 0; i < n; ++i) gate[i] = silu_of(gate[i]) * up[i];
}

void gelu(float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = gelu_of(x[i]);
}

void gelu_mul(float* gate, const float* up, int64_t n) {
  for (int64_t i = 0; i < n; ++i) gate[i] = gelu_of(gate[i]) * up[i];
}

void clamped_swiglu(float* gate, const float* up, int64_t n) {
  for (int64_t i = 0; i < n; ++i) gate[i] = clamped_swiglu_of(gate[i], up[i]);
}

void sigmoid(float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = sigmoid_of(x[i]);
}

void softplus(float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = softplus_of(x[i]);
}

void softmax(float* x, int64_t n) {
  float largest = minus_infinity;
  for (int64_t i = 0; i < n; ++i) largest = max_of(largest, x[i]);
  float sums[16] = {};
  for (int64_t i = 0; i < n; ++i) {
    x[i] = exp_of(x[i] - largest);
    sums[i % 16] += x[i];
  }
  const float sum = tree_sum(sums);
  for (int64_t i = 0; i < n; ++i) x[i] = x[i] / sum;
}

void multiply(float* x, const float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] *= y[i];
}

void add_scaled(float* y, const float* x, float factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = std::fma(factor, x[i], y[i]);
}

void gelu_erf(float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = gelu_erf_of(x[i]);
}

void gelu_erf_mul(float* gate, const float* up, int64_t n) {
  for (int64_t i = 0; i < n; ++i) gate[i] = gelu_erf_of(gate[i]) * up[i];
}

void relu_squared(float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = relu_squared_of(x[i]);
}

void scale(float* x, float factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] *= factor;
}

void softcap(float* x, float cap, int64_t n) {
  const float slope = -2.0F / cap;
  for (int64_t i = 0; i < n; ++i) x[i] = softcap_of(x[i], cap, slope);
}

void mix(const MixArgs& args) {
  for (int64_t i = 0; i < args.n; ++i) {
    float x[mixed_rows_max] = {};
    for (int64_t j = 0; j < args.x_count; ++j) x[j] = args.x[j][i];
    for (int64_t k = 0; k < args.y_count; ++k) {
      float sum = args.y[k][i];
      for (int64_t j = 0; j < args.x_count; ++j) sum = std::fma(args.weights[k * args.x_count + j], x[j], sum);
      args.y[k][i] = sum;
    }
  }
}

int64_t largest(const float* x, int64_t n) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  int64_t at = -1;
  for (int64_t i = 0; i < n; ++i) {
    if (!(x[i] < infinity)) return -1;
    if (x[i] > (at < 0 ? -infinity : x[at])) at = i;
  }
  return at;
}

void add(float* y, const float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

}  // namespace scalar
}  // namespace quire
