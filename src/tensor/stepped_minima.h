// A block of 256 values whose groups have a scale and a minimum in whole steps of the block's two units.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tensor/float16.h"
#include "tensor/four_groups.h"

namespace quire::four {

// The units as f16 holds them.
struct Units {
  float scale = 0;
  float min = 0;
};

inline Units rounded(float scale, float min) {
  return {.scale = f16_to_f32(f32_to_f16(scale)), .min = f16_to_f32(f32_to_f16(min))};
}

// Sums over a block from which its units follow by least squares, steps and quants given.
struct NormalSums {
  float error = 0;
  float scale_scale = 0, scale_min = 0, min_min = 0;
  float x_scale = 0, x_min = 0;

  // The least of sum w (scale s q - min m - x)^2 over both units; the old ones where that has no answer above zero.
  Units solve(const Units& old) const {
    const float determinant = scale_scale * min_min - scale_min * scale_min;
    if (!(determinant > 0)) return scale_scale > 0 && min_min == 0 ? rounded(x_scale / scale_scale, 0) : old;
    const float scale = (x_scale * min_min - x_min * scale_min) / determinant;
    const float min = (x_scale * scale_min - x_min * scale_scale) / determinant;
    return scale > 0 && min > 0 ? rounded(scale, min) : old;
  }
};

// Fits each group by the grid, rounds to steps of [0, steps_max] and then improves units and steps in turn while that
// helps: steps against their neighbours with the quants that they lead to, units by least squares.
template <int group_size, int steps_max>
class SteppedMinima {
 public:
  static constexpr int groups = 256 / group_size;

  SteppedMinima(const float* values, const float* importance, const SearchGrid& grid) : levels_(grid.levels) {
    Part block[parts];
    float scale_max = 0, min_max = 0;
    for (int p = 0; p < parts; ++p) {
      const int begin = p * lanes * group_size;
      block[p].group = Groups<group_size>(values + begin);
      block[p].weights = Weights<group_size>(block[p].group, importance == nullptr ? nullptr : importance + begin);
      block[p].fit = fit_scale_and_min(block[p].group, block[p].weights, grid);
      for (int lane = 0; lane < lanes; ++lane) {
        scale_max = std::max(scale_max, block[p].fit.scale[lane]);
        min_max = std::max(min_max, block[p].fit.min[lane]);
      }
    }
    improve(block, rounded(scale_max / steps_max, min_max / steps_max));
  }

  const Units& units() const { return units_; }
  uint8_t scale_steps(int group) const { return scale_steps_[group]; }
  uint8_t min_steps(int group) const { return min_steps_[group]; }

 private:
  static constexpr int parts = groups / lanes;

  // Four groups with what is known of them.
  struct Part {
    Groups<group_size> group;
    Weights<group_size> weights;
    ScaleAndMin fit;
    Lanes scale_steps = all(0);  // whole numbers
    Lanes min_steps = all(0);
  };

  // What choosing quants for given scales leads to.
  struct Trial {
    Lanes error = all(0);
    Moments sums;
  };

  static Lanes whole_steps(Lanes value) { return nearest_within(value, 0.0F, static_cast<float>(steps_max)); }

  Trial try_scales(const Part& part, Lanes scale, Lanes min) const {
    const Lanes inverse = inverse_of(scale);
    Trial trial;
    for (int i = 0; i < group_size; ++i) {
      const Lanes x = part.group.x[i];
      const Lanes quant = nearest_within((x + min) * inverse, 0.0F, levels_);
      const Lanes difference = scale * quant - min - x;
      const Lanes weighted = part.weights.w[i] * quant;
      trial.error += part.weights.w[i] * difference * difference;
      trial.sums.l += weighted;
      trial.sums.l2 += weighted * quant;
      trial.sums.xl += weighted * x;
    }
    return trial;
  }

  // Moves each group's steps by at most one to where the error is least, and adds what that leads to.
  void improve_steps(Part& part, const Units& units, NormalSums& sums) const {
    Trial best = try_scales(part, units.scale * part.scale_steps, units.min * part.min_steps);
    const Lanes scale_steps = part.scale_steps, min_steps = part.min_steps;
    for (int move = 0; move < 9; ++move) {
      if (move == 4) continue;  // none
      const Lanes scale = whole_steps(scale_steps + static_cast<float>(move / 3 - 1));
      const Lanes min = whole_steps(min_steps + static_cast<float>(move % 3 - 1));
      const Trial trial = try_scales(part, units.scale * scale, units.min * min);
      const Mask better = trial.error < best.error;
      best.error = select(better, trial.error, best.error);
      best.sums.l = select(better, trial.sums.l, best.sums.l);
      best.sums.l2 = select(better, trial.sums.l2, best.sums.l2);
      best.sums.xl = select(better, trial.sums.xl, best.sums.xl);
      part.scale_steps = select(better, scale, part.scale_steps);
      part.min_steps = select(better, min, part.min_steps);
    }
    Lanes weight_sum = all(0), x_sum = all(0);
    for (int i = 0; i < group_size; ++i) {
      weight_sum += part.weights.w[i];
      x_sum += part.weights.w[i] * part.group.x[i];
    }
    for (int lane = 0; lane < lanes; ++lane) {
      const float s = part.scale_steps[lane], m = part.min_steps[lane];
      sums.error += best.error[lane];
      sums.scale_scale += s * s * best.sums.l2[lane];
      sums.scale_min += s * m * best.sums.l[lane];
      sums.min_min += m * m * weight_sum[lane];
      sums.x_scale += s * best.sums.xl[lane];
      sums.x_min += m * x_sum[lane];
    }
  }

  void improve(Part (&block)[parts], Units units) {
    for (Part& part : block) {
      part.scale_steps = whole_steps(part.fit.scale * inverse_of(all(units.scale)));
      part.min_steps = whole_steps(part.fit.min * inverse_of(all(units.min)));
    }
    float best_error = INFINITY;
    constexpr int rounds = 4;
    for (int round = 0; round < rounds; ++round) {
      NormalSums sums;
      for (Part& part : block) improve_steps(part, units, sums);
      if (!(sums.error < best_error)) break;
      best_error = sums.error;
      units_ = units;
      for (int g = 0; g < groups; ++g) {
        const Part& part = block[g / lanes];
        scale_steps_[g] = static_cast<uint8_t>(nearest_int(part.scale_steps[g % lanes], 0, steps_max));
        min_steps_[g] = static_cast<uint8_t>(nearest_int(part.min_steps[g % lanes], 0, steps_max));
      }
      units = sums.solve(units);
    }
  }

  float levels_;
  Units units_;
  uint8_t scale_steps_[groups] = {};
  uint8_t min_steps_[groups] = {};
};

}  // namespace quire::four
