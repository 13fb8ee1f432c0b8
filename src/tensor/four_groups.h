// Four groups of a block at a time, for the quantizers that search: a lane is a group, so a sum over a group is one
// chain and needs no reordering, and bits are the same on every machine.
#pragma once

#include <cmath>
#include <cstdint>

namespace quire::four {

inline constexpr int lanes = 4;
using Lanes = float __attribute__((vector_size(lanes * sizeof(float))));
using Mask = int32_t __attribute__((vector_size(lanes * sizeof(int32_t))));

inline Lanes all(float value) { return Lanes{value, value, value, value}; }
inline Lanes select(Mask mask, Lanes yes, Lanes no) { return mask ? yes : no; }
inline Lanes lesser(Lanes a, Lanes b) { return select(b < a, b, a); }
inline Lanes greater(Lanes a, Lanes b) { return select(b > a, b, a); }
inline Lanes magnitude(Lanes a) { return greater(a, -a); }
inline bool any(Mask mask) { return (mask[0] | mask[1] | mask[2] | mask[3]) != 0; }

// Nearest integer, ties to even, for magnitudes below 2^22: the sum's last place is 1.
inline Lanes nearest(Lanes value) {
  constexpr float magic = 0x1.8p23F;
  return (value + magic) - magic;
}
inline Lanes nearest_within(Lanes value, float low, float high) {
  return nearest(lesser(greater(value, all(low)), all(high)));
}

// 1 / scale, and 0 for 0.
inline Lanes inverse_of(Lanes scale) {
  const Mask zero = scale == 0.0F;
  return select(zero, all(0), 1.0F / select(zero, all(1), scale));
}

// The nearest integer in [low, high]; NaN gives low.
inline int nearest_int(float value, int low, int high) {
  if (!(value > static_cast<float>(low))) return low;
  if (value >= static_cast<float>(high)) return high;
  constexpr float magic = 0x1.8p23F;
  return static_cast<int>((value + magic) - magic);
}

// Below this a group is as good as constant: its reciprocal would leave the range of f32.
inline constexpr float negligible = 1e-15F;

// (elements of a group) of four groups that follow each other in memory.
template <int elements>
struct Groups {
  Lanes x[elements];
  Groups() = default;
  explicit Groups(const float* values) {
    for (int i = 0; i < elements; ++i) {
      for (int lane = 0; lane < lanes; ++lane) x[i][lane] = values[lane * elements + i];
    }
  }
};

// What the square error of each element counts: the more the larger it is, beside the root mean square of its group,
// and in proportion to the importance that is given, if it is not null. (Importance alone makes the error that it
// weighs 1 to 3 % less and that of large elements up to twice as much.)
template <int elements>
struct Weights {
  Lanes w[elements];
  Weights() = default;
  Weights(const Groups<elements>& group, const float* importance) {
    Lanes square_sum = all(0);
    for (const Lanes x : group.x) square_sum += x * x;
    Lanes rms;
    for (int lane = 0; lane < lanes; ++lane) rms[lane] = std::sqrt(square_sum[lane] / elements);
    for (int i = 0; i < elements; ++i) w[i] = rms + magnitude(group.x[i]);
    if (importance == nullptr) return;
    const Groups<elements> given(importance);
    for (int i = 0; i < elements; ++i) w[i] *= given.x[i];
  }
};

// x ~ scale * q - min with min >= 0 and q in [0, levels].
struct ScaleAndMin {
  Lanes scale;
  Lanes min;
};

// Weighted sums over a group for one choice of quants.
struct Moments {
  Lanes l = all(0), l2 = all(0), xl = all(0);
};

// Starting grids: quants for steps of (levels + start + 0.1 * i) over the range of the group, i in [0, count].
struct SearchGrid {
  float levels;
  float start;
  int count;
};

template <int elements>
Lanes squared_error(const Groups<elements>& group, const Weights<elements>& weights, Lanes inverse, Lanes low,
                    ScaleAndMin fit, float levels) {
  Lanes error = all(0);
  for (int i = 0; i < elements; ++i) {
    const Lanes quant = nearest_within(inverse * (group.x[i] - low), 0.0F, levels);
    const Lanes difference = fit.scale * quant - fit.min - group.x[i];
    error += weights.w[i] * difference * difference;
  }
  return error;
}

template <int elements>
Moments moments(const Groups<elements>& group, const Weights<elements>& weights, Lanes inverse, Lanes low,
                float levels) {
  Moments sums;
  for (int i = 0; i < elements; ++i) {
    const Lanes quant = nearest_within(inverse * (group.x[i] - low), 0.0F, levels);
    const Lanes weighted = weights.w[i] * quant;
    sums.l += weighted;
    sums.l2 += weighted * quant;
    sums.xl += weighted * group.x[i];
  }
  return sums;
}

// The scale and minimum with the least weighted square error over all real numbers with min >= 0, the quants given.
inline ScaleAndMin least_squares(const Moments& sums, Lanes weight_sum, Lanes x_sum, Mask& solvable) {
  const Lanes determinant = weight_sum * sums.l2 - sums.l * sums.l;
  solvable = determinant > 0.0F;
  const Lanes safe = select(solvable, determinant, all(1));
  const Lanes scale = (weight_sum * sums.xl - x_sum * sums.l) / safe;
  const Lanes offset = (sums.l2 * x_sum - sums.l * sums.xl) / safe;
  const Mask positive = offset > 0.0F;  // the format cannot say it: the best with no minimum then
  const Lanes safe_l2 = select(sums.l2 > 0.0F, sums.l2, all(1));
  return {.scale = select(positive, sums.xl / safe_l2, scale), .min = select(positive, all(0), -offset)};
}

// The scale and minimum with the least weighted square error among those that the grid's quants lead to.
template <int elements>
ScaleAndMin fit_scale_and_min(const Groups<elements>& group, const Weights<elements>& weights, const SearchGrid& grid) {
  Lanes low = all(0), high = group.x[0], x_sum = all(0), weight_sum = all(0);
  for (int i = 0; i < elements; ++i) {
    low = lesser(low, group.x[i]);
    high = greater(high, group.x[i]);
    weight_sum += weights.w[i];
    x_sum += weights.w[i] * group.x[i];
  }
  const Lanes range = high - low;
  const Mask flat = range < negligible;
  const Lanes safe_range = select(flat, all(1), range);

  ScaleAndMin best = {.scale = safe_range / grid.levels, .min = -low};
  Lanes best_error = squared_error(group, weights, grid.levels / safe_range, low, best, grid.levels);
  for (int step = 0; step <= grid.count; ++step) {
    const Lanes inverse = (grid.levels + grid.start + 0.1F * static_cast<float>(step)) / safe_range;
    Mask solvable;
    const Moments sums = moments(group, weights, inverse, low, grid.levels);
    const ScaleAndMin fit = least_squares(sums, weight_sum, x_sum, solvable);
    const Lanes error = squared_error(group, weights, inverse, low, fit, grid.levels);
    const Mask better = solvable & (error < best_error);
    if (!any(better)) continue;
    best = {.scale = select(better, fit.scale, best.scale), .min = select(better, fit.min, best.min)};
    best_error = select(better, error, best_error);
  }
  return {.scale = select(flat, all(0), best.scale), .min = select(flat, -low, best.min)};
}

}  // namespace quire::four
