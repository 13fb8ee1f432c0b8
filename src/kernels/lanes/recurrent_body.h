// What recurrent layers compute, in lanes: convolutions over the last rows, states that each row overwrites.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/kernels.h"
#include "kernels/lanes/row_body.h"

namespace quire {
namespace {

QUIRE_LEAF_INLINE void l2_norm_lanes(float* x, float epsilon, int64_t n) {
  Floats partial = zeros();
  for (int64_t i = 0; i < n; i += 16) {
    const int64_t some = n - i < 16 ? n - i : 16;
    const Floats part = load_some(x + i, some);
    partial = keep_first(fma(part, part, partial), some, partial);
  }
  const Floats factor = broadcast(1.0F / __builtin_sqrtf(tree_sum(partial) + epsilon));
  each_of(x, n, [factor](Floats part, int64_t, int64_t) { return multiply(part, factor); });
}

QUIRE_LEAF_INLINE void time_steps_lanes(float* x, const float* bias, const float* rates, int64_t n, float* decays) {
  each_of(x, n, [=](Floats part, int64_t i, int64_t some) {
    const Floats step = softplus_of(add(part, load_some(bias + i, some)));
    store_first(decays + i, exp_lanes(multiply(load_some(rates + i, some), step)), some);
    return step;
  });
}

// Channels [c, c + some).
QUIRE_LEAF_INLINE void convolve_part(const ConvolveArgs& args, int64_t c, int64_t some) {
  Floats y = args.bias == nullptr ? zeros() : load_some(args.bias + c, some);
  for (int64_t t = 0; t < args.taps; ++t) {
    y = fma(load_some(args.weight + t * args.channels + c, some), load_some(args.x[t] + c, some), y);
  }
  store_first(args.y + c, args.silu ? silu(y) : y, some);
}

QUIRE_LEAF_INLINE void convolve_lanes(const ConvolveArgs& args) {
  int64_t c = 0;
  for (; c + 16 <= args.channels; c += 16) convolve_part(args, c, 16);
  if (c < args.channels) convolve_part(args, c, args.channels - c);
}

// Four chains of a sum over a state's rows.
struct Chains {
  Floats first, second, third, fourth;
};

QUIRE_LEAF_INLINE Floats sum_of(const Chains& chains) {
  return add(add(chains.first, chains.third), add(chains.second, chains.fourth));
}

// sum += k[i] * S[i] for a row of the state.
QUIRE_LEAF_INLINE void add_product(const float* state, const float* k, int64_t i, Floats& sum) {
  sum = fma(broadcast(k[i]), load(state + i * 16), sum);
}

// What the state has for k.
QUIRE_LEAF_INLINE Floats found_for(const float* state, const float* k, int64_t state_rows) {
  Chains sums{zeros(), zeros(), zeros(), zeros()};
  int64_t i = 0;
  for (; i + 4 <= state_rows; i += 4) {
    add_product(state, k, i, sums.first);
    add_product(state, k, i + 1, sums.second);
    add_product(state, k, i + 2, sums.third);
    add_product(state, k, i + 3, sums.fourth);
  }
  if (i < state_rows) add_product(state, k, i, sums.first);
  if (i + 1 < state_rows) add_product(state, k, i + 1, sums.second);
  if (i + 2 < state_rows) add_product(state, k, i + 2, sums.third);
  return sum_of(sums);
}

// S[i] = decay * S[i] + k[i] * u, and sum += q[i] * S[i].
QUIRE_LEAF_INLINE void overwrite(float* state, const float* k, const float* q, int64_t i, Floats decay, Floats u,
                                 Floats& sum) {
  const Floats next = fma(broadcast(k[i]), u, multiply(decay, load(state + i * 16)));
  store(state + i * 16, next);
  sum = fma(broadcast(q[i]), next, sum);
}

// All rows of the state; what it has for q then.
QUIRE_LEAF_INLINE Floats overwritten(float* state, const float* k, const float* q, int64_t state_rows, Floats decay,
                                     Floats u) {
  Chains sums{zeros(), zeros(), zeros(), zeros()};
  int64_t i = 0;
  for (; i + 4 <= state_rows; i += 4) {
    overwrite(state, k, q, i, decay, u, sums.first);
    overwrite(state, k, q, i + 1, decay, u, sums.second);
    overwrite(state, k, q, i + 2, decay, u, sums.third);
    overwrite(state, k, q, i + 3, decay, u, sums.fourth);
  }
  if (i < state_rows) overwrite(state, k, q, i, decay, u, sums.first);
  if (i + 1 < state_rows) overwrite(state, k, q, i + 1, decay, u, sums.second);
  if (i + 2 < state_rows) overwrite(state, k, q, i + 2, decay, u, sums.third);
  return sum_of(sums);
}

QUIRE_LEAF_INLINE void recur_lanes(const RecurArgs& args) {
  for (int64_t r = 0; r < args.rows; ++r) {
    const float* const k = args.k + r * args.k_stride;
    const float* const q = args.q + r * args.k_stride;
    const Floats decay = broadcast(args.decays[r * args.gate_stride]);
    const Floats v = load_some(args.v + r * args.v_stride, args.columns);
    Floats u = v;
    if (args.corrects) u = fma(negate(decay), found_for(args.state, k, args.state_rows), v);
    u = multiply(broadcast(args.weights[r * args.gate_stride]), u);
    const Floats sum = overwritten(args.state, k, q, args.state_rows, decay, u);
    const Floats out = fma(broadcast(args.skip), v, multiply(broadcast(args.scale), sum));
    store_first(args.out + r * args.v_stride, out, args.columns);
  }
}

}  // namespace
}  // namespace quire
