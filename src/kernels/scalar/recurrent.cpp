// The specification of what recurrent layers compute.
#include <cmath>

#include "kernels/isa_functions.h"
#include "kernels/scalar/functions.h"

namespace quire::scalar {
namespace {

constexpr int64_t lanes = 16;

// Chain j has the rows j, j + 4, ...
float sum_of(const float (&chains)[4]) { return (chains[0] + chains[2]) + (chains[1] + chains[3]); }

// One column of the state and one row of the step.
float recur_column(const RecurArgs& args, int64_t r, int64_t column) {
  const float* const k = args.k + r * args.k_stride;
  const float* const q = args.q + r * args.k_stride;
  const float decay = args.decays[r * args.gate_stride];
  const float v = column < args.columns ? args.v[r * args.v_stride + column] : 0.0F;
  float* const state = args.state + column;
  float u = v;
  if (args.corrects) {
    float found[4] = {};
    for (int64_t i = 0; i < args.state_rows; ++i) found[i % 4] = std::fma(k[i], state[i * lanes], found[i % 4]);
    u = std::fma(-decay, sum_of(found), v);
  }
  u = args.weights[r * args.gate_stride] * u;
  float sums[4] = {};
  for (int64_t i = 0; i < args.state_rows; ++i) {
    float& value = state[i * lanes];
    value = state_behind(value, decay, k[i], u);
    sums[i % 4] = std::fma(q[i], value, sums[i % 4]);
  }
  return state_output(sum_of(sums), args.scale, args.skip, v);
}

}  // namespace

void l2_norm(float* x, float epsilon, int64_t n) {
  float partial[lanes] = {};
  for (int64_t i = 0; i < n; ++i) partial[i % lanes] = std::fma(x[i], x[i], partial[i % lanes]);
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    for (int64_t i = 0; i < half; ++i) partial[i] += partial[i + half];
  }
  const float factor = norm_factor(partial[0], 1.0F, epsilon);
  for (int64_t i = 0; i < n; ++i) x[i] *= factor;
}

void time_steps(float* x, const float* bias, const float* rates, int64_t n, float* decays) {
  for (int64_t i = 0; i < n; ++i) x[i] += bias[i];
  softplus(x, n);
  for (int64_t i = 0; i < n; ++i) decays[i] = exp_of(rates[i] * x[i]);
}

void convolve(const ConvolveArgs& args) {
  for (int64_t c = 0; c < args.channels; ++c) {
    float y = args.bias == nullptr ? 0.0F : args.bias[c];
    for (int64_t t = 0; t < args.taps; ++t) y = std::fma(args.weight[t * args.channels + c], args.x[t][c], y);
    args.y[c] = args.silu ? silu_of(y) : y;
  }
}

void recur(const RecurArgs& args) {
  for (int64_t r = 0; r < args.rows; ++r) {
    for (int64_t column = 0; column < lanes; ++column) {
      const float out = recur_column(args, r, column);
      if (column < args.columns) args.out[r * args.v_stride + column] = out;
    }
  }
}

}  // namespace quire::scalar
