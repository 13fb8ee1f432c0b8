// The functions of one number, each formula once: what the scalar table and the kernels of a GPU compute.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/constants.h"

namespace quire::scalar {

inline constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

inline float exp_of(float x) {
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

// What the lanes' min and max give: b where either is NaN.
inline float min_of(float a, float b) { return a < b ? a : b; }
inline float max_of(float a, float b) { return a > b ? a : b; }

inline float silu_of(float x) { return x / (1.0F + exp_of(-x)); }

inline float sigmoid_of(float x) { return 1.0F / (1.0F + exp_of(-x)); }

inline float gelu_of(float x) {
  const float slope = std::fma(gelu_cubic, x * x, gelu_linear);
  return x / (1.0F + exp_of(-(x * slope)));
}

inline float gelu_erf_of(float x) {
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
  const float tail = exp_of((z * -0.5F) * z) * (h * t);
  return std::fma(-z, tail, x > 0.0F ? x : 0.0F);
}

inline float relu_squared_of(float x) { return max_of(0.0F, x) * max_of(0.0F, x); }

inline float clamped_swiglu_of(float gate, float up) {
  const float g = min_of(clamped_swiglu_limit, gate);
  const float u = max_of(-clamped_swiglu_limit, min_of(clamped_swiglu_limit, up));
  return (g * sigmoid_of(clamped_swiglu_slope * g)) * (u + 1.0F);
}

// max(x, 0) + ln(1 + exp(-|x|)).
inline float softplus_of(float x) {
  const float e = exp_of(min_of(-x, x));
  const float s = e / (2.0F + e);
  float series = log1p_terms[log1p_terms_count - 1];
  for (int i = log1p_terms_count - 2; i >= 0; --i) series = std::fma(series, s * s, log1p_terms[i]);
  return std::fma(s + s, series, max_of(0.0F, x));
}

// slope = -2 / cap.
inline float softcap_of(float x, float cap, float slope) { return cap * (2.0F / (1.0F + exp_of(x * slope)) - 1.0F); }

// What rms_norm multiplies with: x has n elements, sum is that of their squares. l2_norm's is of n = 1.
inline float norm_factor(float sum, float n, float epsilon) { return 1.0F / std::sqrt(sum / n + epsilon); }

inline float layer_norm_of(float x, float mean, float factor, float weight, const float* bias) {
  const float normed = (x - mean) * factor;
  return bias == nullptr ? normed * weight : std::fma(normed, weight, *bias);
}

// What a row makes of an element of a recurrent state, and of what it reads of all of them (kernels.h: RecurArgs).
inline float state_behind(float state, float decay, float k, float u) { return std::fma(k, u, decay * state); }
inline float state_output(float sum, float scale, float skip, float v) { return std::fma(skip, v, scale * sum); }

// The pair turned.
struct Pair {
  float first;
  float second;
};
inline Pair turned(Pair x, float cosine, float sine) {
  return {.first = std::fma(x.first, cosine, -(x.second * sine)), .second = std::fma(x.second, cosine, x.first * sine)};
}

}  // namespace quire::scalar
