// rms_norm, rope, silu_mul and add in lanes.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/lanes/math.h"

namespace quire {
namespace {

QUIRE_LEAF_INLINE void rms_norm_lanes(const float* x, const float* weight, float epsilon, int64_t n, float* y) {
  Floats partial = zeros();
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const Floats part = load(x + i);
    partial = fma(part, part, partial);
  }
  if (i < n) {
    const Floats part = load_first(x + i, n - i);
    partial = keep_first(fma(part, part, partial), n - i, partial);
  }
  const float mean = tree_sum(partial) / static_cast<float>(n);
  const Floats factor = broadcast(1.0F / __builtin_sqrtf(mean + epsilon));
  for (i = 0; i + 16 <= n; i += 16) store(y + i, multiply(multiply(load(x + i), factor), load(weight + i)));
  if (i < n) {
    const Floats part = multiply(load_first(x + i, n - i), factor);
    store_first(y + i, multiply(part, load_first(weight + i, n - i)), n - i);
  }
}

// Pairs (d, d + pairs).
QUIRE_LEAF_INLINE void turn_halves(float* x, int64_t pairs, const float* cosines, const float* sines) {
  for (int64_t d = 0; d < pairs; d += 16) {
    const int64_t n = pairs - d < 16 ? pairs - d : 16;
    const Floats a = load_first(x + d, n);
    const Floats b = load_first(x + pairs + d, n);
    const Floats c = load_first(cosines + d, n);
    const Floats s = load_first(sines + d, n);
    store_first(x + d, fms(a, c, multiply(b, s)), n);
    store_first(x + pairs + d, fma(b, c, multiply(a, s)), n);
  }
}

// Pairs (2 d, 2 d + 1).
QUIRE_LEAF_INLINE void turn_neighbours(float* x, int64_t pairs, const float* cosines, const float* sines) {
  for (int64_t d = 0; d < pairs; d += 8) {
    const int64_t n = pairs - d < 8 ? pairs - d : 8;
    const Floats part = load_first(x + 2 * d, 2 * n);
    const Floats turned = multiply(swap_neighbours(part), load_twice(sines + d, n));
    store_first(x + 2 * d, fma_alternating(part, load_twice(cosines + d, n), turned), 2 * n);
  }
}

QUIRE_LEAF_INLINE void rope_lanes(float* heads, int64_t n_heads, int64_t head_dim, int64_t rotary, bool neox,
                                  const float* cosines, const float* sines) {
  for (int64_t head = 0; head < n_heads; ++head) {
    if (neox) {
      turn_halves(heads + head * head_dim, rotary / 2, cosines, sines);
    } else {
      turn_neighbours(heads + head * head_dim, rotary / 2, cosines, sines);
    }
  }
}

QUIRE_LEAF_INLINE Floats silu(Floats x) { return divide(x, add(broadcast(1.0F), exp_lanes(negate(x)))); }

QUIRE_LEAF_INLINE void silu_mul_lanes(float* gate, const float* up, int64_t n) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) store(gate + i, multiply(silu(load(gate + i)), load(up + i)));
  if (i < n) store_first(gate + i, multiply(silu(load_first(gate + i, n - i)), load_first(up + i, n - i)), n - i);
}

QUIRE_LEAF_INLINE void add_lanes(float* y, const float* x, int64_t n) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) store(y + i, add(load(y + i), load(x + i)));
  if (i < n) store_first(y + i, add(load_first(y + i, n - i), load_first(x + i, n - i)), n - i);
}

}  // namespace
}  // namespace quire
