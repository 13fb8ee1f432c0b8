// Norms, rope, activations and sums in lanes.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/lanes/math.h"

namespace quire {
namespace {

QUIRE_LEAF_INLINE float mean_square_lanes(const float* x, int64_t n) {
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
  return tree_sum(partial) / static_cast<float>(n);
}

QUIRE_LEAF_INLINE void rms_norm_lanes(const float* x, const float* weight, float epsilon, int64_t n, float* y) {
  const Floats factor = broadcast(1.0F / __builtin_sqrtf(mean_square_lanes(x, n) + epsilon));
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) store(y + i, multiply(multiply(load(x + i), factor), load(weight + i)));
  if (i < n) {
    const Floats part = multiply(load_first(x + i, n - i), factor);
    store_first(y + i, multiply(part, load_first(weight + i, n - i)), n - i);
  }
}

// y[i] = f(x[i]) for a row of n; f is given 16 values of x, and where they begin.
template <typename Each>
QUIRE_LEAF_INLINE void each_of(float* x, int64_t n, const Each& f) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) store(x + i, f(load(x + i), i, 16));
  if (i < n) store_first(x + i, f(load_first(x + i, n - i), i, n - i), n - i);
}

QUIRE_LEAF_INLINE Floats load_some(const float* at, int64_t n) { return n == 16 ? load(at) : load_first(at, n); }

QUIRE_LEAF_INLINE float mean_lanes(const float* x, int64_t n) {
  Floats sums = zeros();
  for (int64_t i = 0; i < n; i += 16) {
    const int64_t some = n - i < 16 ? n - i : 16;
    sums = keep_first(add(sums, load_some(x + i, some)), some, sums);
  }
  return tree_sum(sums) / static_cast<float>(n);
}

QUIRE_LEAF_INLINE float mean_square_around(Floats mean, const float* x, int64_t n) {
  Floats squares = zeros();
  for (int64_t i = 0; i < n; i += 16) {
    const int64_t some = n - i < 16 ? n - i : 16;
    const Floats part = subtract(load_some(x + i, some), mean);
    squares = keep_first(fma(part, part, squares), some, squares);
  }
  return tree_sum(squares) / static_cast<float>(n);
}

QUIRE_LEAF_INLINE void keep_excess_lanes(float* x, float deviations, int64_t n) {
  const float mean = mean_lanes(x, n);
  const float deviation = __builtin_sqrtf(mean_square_around(broadcast(mean), x, n));
  const Floats limit = broadcast(mean + deviations * deviation);
  each_of(x, n, [limit](Floats part, int64_t, int64_t) { return max(zeros(), subtract(part, limit)); });
}

QUIRE_LEAF_INLINE void layer_norm_lanes(const float* x, const float* weight, const float* bias, float epsilon,
                                        int64_t n, float* y) {
  const Floats mean = broadcast(mean_lanes(x, n));
  const Floats factor = broadcast(1.0F / __builtin_sqrtf(mean_square_around(mean, x, n) + epsilon));
  for (int64_t i = 0; i < n; i += 16) {
    const int64_t some = n - i < 16 ? n - i : 16;
    const Floats normed = multiply(subtract(load_some(x + i, some), mean), factor);
    const Floats weights = load_some(weight + i, some);
    store_first(y + i, bias == nullptr ? multiply(normed, weights) : fma(normed, weights, load_some(bias + i, some)),
                some);
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

QUIRE_LEAF_INLINE Floats gelu(Floats x) {
  const Floats slope = fma(broadcast(gelu_cubic), multiply(x, x), broadcast(gelu_linear));
  return divide(x, add(broadcast(1.0F), exp_lanes(negate(multiply(x, slope)))));
}

QUIRE_LEAF_INLINE void gelu_lanes(float* x, int64_t n) {
  each_of(x, n, [](Floats part, int64_t, int64_t) { return gelu(part); });
}

QUIRE_LEAF_INLINE void gelu_mul_lanes(float* gate, const float* up, int64_t n) {
  each_of(gate, n,
          [up](Floats part, int64_t i, int64_t some) { return multiply(gelu(part), load_some(up + i, some)); });
}

QUIRE_LEAF_INLINE void clamped_swiglu_lanes(float* gate, const float* up, int64_t n) {
  const Floats limit = broadcast(clamped_swiglu_limit);
  const Floats slope = broadcast(clamped_swiglu_slope);
  each_of(gate, n, [=](Floats part, int64_t i, int64_t some) {
    const Floats g = min(limit, part);
    const Floats u = max(negate(limit), min(limit, load_some(up + i, some)));
    return multiply(multiply(g, sigmoid_of(multiply(slope, g))), add(u, broadcast(1.0F)));
  });
}

QUIRE_LEAF_INLINE void sigmoid_lanes(float* x, int64_t n) {
  each_of(x, n, [](Floats part, int64_t, int64_t) { return sigmoid_of(part); });
}

QUIRE_LEAF_INLINE void softplus_lanes(float* x, int64_t n) {
  each_of(x, n, [](Floats part, int64_t, int64_t) { return softplus_of(part); });
}

QUIRE_LEAF_INLINE void softmax_lanes(float* x, int64_t n) {
  const Floats nothing = broadcast(-__builtin_inff());
  Floats largest = nothing;
  for (int64_t i = 0; i < n; i += 16) {
    const int64_t some = n - i < 16 ? n - i : 16;
    largest = max(largest, keep_first(load_some(x + i, some), some, nothing));
  }
  const Floats top = broadcast(max_lane(largest));
  Floats sums = zeros();
  for (int64_t i = 0; i < n; i += 16) {
    const int64_t some = n - i < 16 ? n - i : 16;
    const Floats e = exp_lanes(subtract(load_some(x + i, some), top));
    sums = keep_first(add(sums, e), some, sums);
    store_first(x + i, e, some);
  }
  const Floats sum = broadcast(tree_sum(sums));
  each_of(x, n, [sum](Floats part, int64_t, int64_t) { return divide(part, sum); });
}

QUIRE_LEAF_INLINE void multiply_lanes(float* x, const float* y, int64_t n) {
  each_of(x, n, [y](Floats part, int64_t i, int64_t some) { return multiply(part, load_some(y + i, some)); });
}

QUIRE_LEAF_INLINE void add_scaled_lanes(float* y, const float* x, float factor, int64_t n) {
  const Floats factors = broadcast(factor);
  each_of(y, n, [=](Floats part, int64_t i, int64_t some) { return fma(factors, load_some(x + i, some), part); });
}

QUIRE_LEAF_INLINE Floats gelu_erf(Floats x) {
  const Floats z = min(broadcast(normal_tail_end), max(x, negate(x)));
  const Floats t = divide(broadcast(1.0F), fma(z, broadcast(normal_tail_slope), broadcast(1.0F)));
  Floats h = fma(broadcast(normal_tail_p7), t, broadcast(normal_tail_p6));
  h = fma(h, t, broadcast(normal_tail_p5));
  h = fma(h, t, broadcast(normal_tail_p4));
  h = fma(h, t, broadcast(normal_tail_p3));
  h = fma(h, t, broadcast(normal_tail_p2));
  h = fma(h, t, broadcast(normal_tail_p1));
  h = fma(h, t, broadcast(normal_tail_p0));
  const Floats tail = multiply(exp_lanes(multiply(multiply(z, broadcast(-0.5F)), z)), multiply(h, t));
  return fma(negate(z), tail, max(x, zeros()));
}

QUIRE_LEAF_INLINE void gelu_erf_lanes(float* x, int64_t n) {
  each_of(x, n, [](Floats part, int64_t, int64_t) { return gelu_erf(part); });
}

QUIRE_LEAF_INLINE void gelu_erf_mul_lanes(float* gate, const float* up, int64_t n) {
  each_of(gate, n,
          [up](Floats part, int64_t i, int64_t some) { return multiply(gelu_erf(part), load_some(up + i, some)); });
}

QUIRE_LEAF_INLINE void relu_squared_lanes(float* x, int64_t n) {
  each_of(x, n, [](Floats part, int64_t, int64_t) {
    const Floats bounded = max(zeros(), part);
    return multiply(bounded, bounded);
  });
}

QUIRE_LEAF_INLINE void scale_lanes(float* x, float factor, int64_t n) {
  const Floats factors = broadcast(factor);
  each_of(x, n, [factors](Floats part, int64_t, int64_t) { return multiply(part, factors); });
}

QUIRE_LEAF_INLINE void softcap_lanes(float* x, float cap, int64_t n) {
  each_of(x, n, [cap](Floats part, int64_t, int64_t) { return capped(part, cap); });
}

QUIRE_LEAF_INLINE void add_lanes(float* y, const float* x, int64_t n) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) store(y + i, add(load(y + i), load(x + i)));
  if (i < n) store_first(y + i, add(load_first(y + i, n - i), load_first(x + i, n - i)), n - i);
}

QUIRE_LEAF_INLINE void mix_lanes(const MixArgs& args) {
  for (int64_t i = 0; i < args.n; i += 16) {
    const int64_t some = args.n - i < 16 ? args.n - i : 16;
    Floats x[mixed_rows_max];
    for (int64_t j = 0; j < args.x_count; ++j) x[j] = load_some(args.x[j] + i, some);
    const float* weights = args.weights;
    for (int64_t k = 0; k < args.y_count; ++k, weights += args.x_count) {
      Floats sum = load_some(args.y[k] + i, some);
      for (int64_t j = 0; j < args.x_count; ++j) sum = fma(broadcast(weights[j]), x[j], sum);
      store_first(args.y[k] + i, sum, some);
    }
  }
}

// The parts of a row, by their largest: in the best of them alone it is looked for.
QUIRE_LEAF_INLINE int64_t largest_lanes(const float* x, int64_t n) {
  constexpr int64_t part_size = 512;
  constexpr float nothing = -__builtin_inff();
  // Minus infinity and a number are minus infinity; NaN or plus infinity make it NaN, which stays.
  Floats numbers = broadcast(nothing);
  float top = nothing;
  int64_t part = -1;
  for (int64_t begin = 0; begin < n; begin += part_size) {
    const int64_t end = n - begin < part_size ? n : begin + part_size;
    Floats largest = broadcast(nothing);
    for (int64_t i = begin; i < end; i += 16) {
      const int64_t some = end - i < 16 ? end - i : 16;
      const Floats values = keep_first(load_some(x + i, some), some, broadcast(nothing));
      largest = max(largest, values);
      numbers = add(numbers, values);
    }
    const float of_part = max_lane(largest);
    if (of_part > top) {
      top = of_part;
      part = begin;
    }
  }
  if (part < 0 || !(tree_sum(numbers) == nothing)) return -1;
  while (x[part] != top) ++part;
  return part;
}

}  // namespace
}  // namespace quire
