// The specification of the operations on one row: norms, rope, activations, sums, and of exp_approx.
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/constants.h"
#include "kernels/isa_functions.h"

namespace quire {

float exp_approx(float x) {
  if (x < exp_floor) return 0.0F;
  const float bounded = x > exp_ceiling ? exp_ceiling : x;
  const float t = std::fma(bounded, exp_log2_e, exp_magic);
  const float n = t - exp_magic;
  float r = std::fma(n, -exp_ln2_high, bounded);
  r = std::fma(n, -exp_ln2_low, r);
  float p = exp_p4;
  p = std::fma(p, r, exp_p3);
  p = std::fma(p, r, exp_p2);
  p = std::fma(p, r, exp_p1);
  p = std::fma(p, r, exp_p0);
  const float e = std::fma(p, r * r, r) + 1.0F;
  const uint32_t power = (std::bit_cast<uint32_t>(t) << 23) + std::bit_cast<uint32_t>(1.0F);
  return e * std::bit_cast<float>(power);
}

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

float mean_square_around(float mean, const float* x, int64_t n) {
  float squares[16] = {};
  for (int64_t i = 0; i < n; ++i) squares[i % 16] = std::fma(x[i] - mean, x[i] - mean, squares[i % 16]);
  return tree_sum(squares) / static_cast<float>(n);
}

float gelu_of(float x) {
  const float slope = std::fma(gelu_cubic, x * x, gelu_linear);
  return x / (1.0F + exp_approx(-(x * slope)));
}

float sigmoid_of(float x) { return 1.0F / (1.0F + exp_approx(-x)); }

// What the lanes' min and max give: b where either is NaN.
float min_of(float a, float b) { return a < b ? a : b; }
float max_of(float a, float b) { return a > b ? a : b; }

// max(x, 0) + ln(1 + exp(-|x|)).
float softplus_of(float x) {
  const float e = exp_approx(min_of(-x, x));
  const float s = e / (2.0F + e);
  float series = log1p_terms[log1p_terms_count - 1];
  for (int i = log1p_terms_count - 2; i >= 0; --i) series = std::fma(series, s * s, log1p_terms[i]);
  return std::fma(s + s, series, max_of(0.0F, x));
}

float gelu_erf_of(float x) {
  const float magnitude = x > -x ? x : -x;
  const float z = normal_tail_end < magnitude ? normal_tail_end : magnitude;
  const float t = 1.0F / std::fma(z, normal_tail_slope, 1.0F);
  float h = std::fma(normal_tail_p7, t, normal_tail_p6);
  h = std::fma(h, t, normal_tail_p5);
  h = std::fma(h, t, normal_tail_p4);
  h = std::fma(h, t, normal_tail_p3);
  h = std::fma(h, t, normal_tail_p2);
  h = std::fma(h, t, normal_tail_p1);
  h = std::fma(h, t, normal_tail_p0);
  const float tail = exp_approx((z * -0.5F) * z) * (h * t);
  return std::fma(-z, tail, x > 0.0F ? x : 0.0F);
}

}  // namespace

float mean_square(const float* x, int64_t n) { return mean_square_around(0.0F, x, n); }

void keep_excess(float* x, float deviations, int64_t n) {
  const float mean = mean_of(x, n);
  const float limit = mean + deviations * std::sqrt(mean_square_around(mean, x, n));
  for (int64_t i = 0; i < n; ++i) x[i] = max_of(0.0F, x[i] - limit);
}

void rms_norm(const float* x, const float* weight, float epsilon, int64_t n, float* y) {
  const float factor = 1.0F / std::sqrt(mean_square(x, n) + epsilon);
  for (int64_t i = 0; i < n; ++i) y[i] = (x[i] * factor) * weight[i];
}

void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, int64_t n, float* y) {
  const float mean = mean_of(x, n);
  const float factor = 1.0F / std::sqrt(mean_square_around(mean, x, n) + epsilon);
  for (int64_t i = 0; i < n; ++i) {
    const float normed = (x[i] - mean) * factor;
    y[i] = bias == nullptr ? normed * weight[i] : std::fma(normed, weight[i], bias[i]);
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
      const float a = first;
      const float b = second;
      first = std::fma(a, cosines[d], -(b * sines[d]));
      second = std::fma(b, cosines[d], a * sines[d]);
    }
  }
}

void silu_mul(float* gate, const float* up, int64_t n) {
  for (int64_t i = 0; i < n; ++i) gate[i] = (gate[i] / (1.0F + exp_approx(-gate[i]))) * up[i];
}

void gelu(float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = gelu_of(x[i]);
}

void gelu_mul(float* gate, const float* up, int64_t n) {
  for (int64_t i = 0; i < n; ++i) gate[i] = gelu_of(gate[i]) * up[i];
}

void clamped_swiglu(float* gate, const float* up, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float g = min_of(clamped_swiglu_limit, gate[i]);
    const float u = max_of(-clamped_swiglu_limit, min_of(clamped_swiglu_limit, up[i]));
    gate[i] = (g * sigmoid_of(clamped_swiglu_slope * g)) * (u + 1.0F);
  }
}

void sigmoid(float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = sigmoid_of(x[i]);
}

void softplus(float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = softplus_of(x[i]);
}

void softmax(float* x, int64_t n) {
  float largest = -std::numeric_limits<float>::infinity();
  for (int64_t i = 0; i < n; ++i) largest = max_of(largest, x[i]);
  float sums[16] = {};
  for (int64_t i = 0; i < n; ++i) {
    x[i] = exp_approx(x[i] - largest);
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
  for (int64_t i = 0; i < n; ++i) x[i] = max_of(0.0F, x[i]) * max_of(0.0F, x[i]);
}

void scale(float* x, float factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] *= factor;
}

void softcap(float* x, float cap, int64_t n) {
  const float slope = -2.0F / cap;
  for (int64_t i = 0; i < n; ++i) x[i] = cap * (2.0F / (1.0F + exp_approx(x[i] * slope)) - 1.0F);
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
