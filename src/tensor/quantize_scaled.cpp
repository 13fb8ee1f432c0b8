// Types whose groups have a scale and no minimum, and few levels: Q3_K, IQ4_XS, IQ4_NL.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "tensor/float16.h"
#include "tensor/four_groups.h"
#include "tensor/quantize_k.h"

namespace quire {
namespace {

using namespace four;

// Which numbers times the scale a type can hold. first_target + target_step * i, i in [0, targets): where the search
// puts a group's extreme, on either side.
struct Levels3 {
  static constexpr float first_target = 2.6F, target_step = 0.1F;
  static constexpr int targets = 24;
  static Lanes nearest_level(Lanes value) { return nearest_within(value, -4.0F, 3.0F); }
};

struct LevelsIQ4 {
  static constexpr float first_target = 98.0F, target_step = 4.0F;
  static constexpr int targets = 14;
  static Lanes nearest_level(Lanes value) {
    Lanes level = all(iq4_values[0]);
    for (size_t i = 1; i < iq4_values.size(); ++i) {
      const Lanes step = all(static_cast<float>(iq4_values[i] - iq4_values[i - 1]));
      const float middle = 0.5F * static_cast<float>(iq4_values[i] + iq4_values[i - 1]);
      level += select(value > middle, step, all(0));
    }
    return level;
  }
};

// The scale with the least error so far. The error falls by gain = (sum of w x q)^2 / (sum of w q^2).
struct Fit {
  Lanes scale = all(0);
  Lanes gain = all(0);

  void offer(Lanes other_scale, Lanes other_gain) {
    const Mask better = other_gain > gain;
    scale = select(better, other_scale, scale);
    gain = select(better, other_gain, gain);
  }
};

// Offers the best scale for the levels nearest to inverse * x.
template <typename Levels, int elements>
void try_inverse(const Lanes (&x)[elements], const Lanes (&w)[elements], Lanes inverse, Fit& fit) {
  Lanes xl = all(0), l2 = all(0);
  for (int i = 0; i < elements; ++i) {
    const Lanes level = Levels::nearest_level(inverse * x[i]);
    const Lanes weighted = w[i] * level;
    xl += weighted * x[i];
    l2 += weighted * level;
  }
  const Lanes scale = xl / select(l2 > 0.0F, l2, all(1));
  fit.offer(scale, scale * xl);
}

template <int elements>
Lanes extreme_of(const Lanes (&x)[elements]) {
  Lanes extreme = x[0];
  for (const Lanes value : x) extreme = select(magnitude(value) > magnitude(extreme), value, extreme);
  return extreme;
}

template <typename Levels, int elements>
Fit fit_scale(const Lanes (&x)[elements], const Lanes (&w)[elements]) {
  const Lanes extreme = extreme_of(x);
  const Mask flat = magnitude(extreme) < negligible;
  const Lanes safe_extreme = select(flat, all(1), extreme);
  Fit fit;
  for (int i = 0; i < Levels::targets; ++i) {
    const float target = Levels::first_target + Levels::target_step * static_cast<float>(i);
    try_inverse<Levels>(x, w, target / safe_extreme, fit);
    try_inverse<Levels>(x, w, -target / safe_extreme, fit);
  }
  for (int i = 0; i < 2; ++i) try_inverse<Levels>(x, w, inverse_of(fit.scale), fit);
  return {.scale = select(flat, all(0), fit.scale), .gain = fit.gain};
}

// A block of groups whose scales are whole steps, -32..31, of a unit in f16.
template <typename Levels, int group_size>
class SteppedScales {
 public:
  static constexpr int groups = 256 / group_size;

  SteppedScales(const float* values, const float* importance) {
    Lanes scales[parts];
    for (int p = 0; p < parts; ++p) {
      const int begin = p * lanes * group_size;
      const Groups<group_size> group(values + begin);
      const Weights<group_size> weights(group, importance == nullptr ? nullptr : importance + begin);
      std::copy(group.x, group.x + group_size, x_[p]);
      std::copy(weights.w, weights.w + group_size, w_[p]);
      scales[p] = fit_scale<Levels>(x_[p], w_[p]).scale;
    }
    float extreme = 0;
    for (const Lanes scale : scales) {
      for (int lane = 0; lane < lanes; ++lane) {
        if (std::fabs(scale[lane]) > std::fabs(extreme)) extreme = scale[lane];
      }
    }
    if (std::fabs(extreme) >= negligible) improve(scales, extreme / -32.0F);
  }

  // The unit's f16 bits.
  uint16_t unit() const { return f32_to_f16(unit_); }
  int8_t steps(int group) const { return steps_[group]; }
  float scale(int group) const { return unit_ * static_cast<float>(steps_[group]); }

 private:
  static constexpr int parts = groups / lanes;

  // Sums over a block from which its unit follows by least squares, steps and levels given.
  struct Sums {
    float error = 0, x_scale = 0, scale_scale = 0;
  };

  // Moves steps by at most one to where the error is least, and adds what that leads to.
  void improve_steps(int p, float unit, Lanes& steps, Sums& sums) const {
    const Lanes start = steps;
    Lanes best_error = all(INFINITY), best_xl = all(0), best_l2 = all(0);
    for (const float move : {0.0F, -1.0F, 1.0F}) {
      const Lanes moved = nearest_within(start + move, -32.0F, 31.0F);
      const Lanes scale = unit * moved;
      const Lanes inverse = inverse_of(scale);
      Lanes error = all(0), xl = all(0), l2 = all(0);
      for (int i = 0; i < group_size; ++i) {
        const Lanes level = Levels::nearest_level(inverse * x_[p][i]);
        const Lanes difference = scale * level - x_[p][i];
        const Lanes weighted = w_[p][i] * level;
        error += w_[p][i] * difference * difference;
        xl += weighted * x_[p][i];
        l2 += weighted * level;
      }
      const Mask better = error < best_error;
      best_error = select(better, error, best_error);
      best_xl = select(better, xl, best_xl);
      best_l2 = select(better, l2, best_l2);
      steps = select(better, moved, steps);
    }
    for (int lane = 0; lane < lanes; ++lane) {
      sums.error += best_error[lane];
      sums.x_scale += steps[lane] * best_xl[lane];
      sums.scale_scale += steps[lane] * steps[lane] * best_l2[lane];
    }
  }

  // From a unit on, improves steps and unit in turn while that helps.
  void improve(const Lanes (&scales)[parts], float start) {
    float unit = f16_to_f32(f32_to_f16(start));
    Lanes steps[parts];
    for (int p = 0; p < parts; ++p) steps[p] = nearest_within(scales[p] * inverse_of(all(unit)), -32.0F, 31.0F);
    float best_error = INFINITY;
    constexpr int rounds = 4;
    for (int round = 0; round < rounds; ++round) {
      Sums sums;
      for (int p = 0; p < parts; ++p) improve_steps(p, unit, steps[p], sums);
      if (!(sums.error < best_error)) break;
      best_error = sums.error;
      unit_ = unit;
      for (int g = 0; g < groups; ++g) {
        steps_[g] = static_cast<int8_t>(nearest_int(steps[g / lanes][g % lanes], -32, 31));
      }
      if (!(sums.scale_scale > 0)) break;
      unit = f16_to_f32(f32_to_f16(sums.x_scale / sums.scale_scale));
    }
  }

  Lanes x_[parts][group_size];
  Lanes w_[parts][group_size];
  float unit_ = 0;
  int8_t steps_[groups] = {};
};

// The number of the level nearest to value / scale.
int nearest_iq4(float value, float scale) {
  if (scale == 0) return 0;
  const float scaled = value / scale;
  int quant = 0;
  for (size_t i = 1; i < iq4_values.size(); ++i) {
    const float middle = 0.5F * static_cast<float>(iq4_values[i] + iq4_values[i - 1]);
    if (scaled > middle) quant = static_cast<int>(i);
  }
  return quant;
}

// 32 values in 16 bytes.
void put_iq4(const float* values, float scale, uint8_t* quants) {
  for (int i = 0; i < 16; ++i) {
    quants[i] = static_cast<uint8_t>(nearest_iq4(values[i], scale) | (nearest_iq4(values[i + 16], scale) << 4));
  }
}

}  // namespace

void quantize_block(const float* values, const float* importance, BlockQ3_K& block) {
  const SteppedScales<Levels3, 16> chosen(values, importance);
  block = {};
  block.scale = chosen.unit();
  int8_t steps[16];
  for (int g = 0; g < 16; ++g) steps[g] = chosen.steps(g);
  pack_q3_scales(steps, block.scales);
  for (int i = 0; i < 256; ++i) {
    const float scale = chosen.scale(i / 16);
    const int quant = scale != 0 ? nearest_int(values[i] / scale, -4, 3) + 4 : 4;
    uint8_t& pairs = block.quants[i / 128 * 32 + i % 32];
    pairs = static_cast<uint8_t>(pairs | ((quant & 3) << (i % 128 / 32 * 2)));
    uint8_t& high = block.high_bits[i % 32];
    high = static_cast<uint8_t>(high | ((quant >> 2) << (i / 32)));
  }
}

void quantize_block(const float* values, const float* importance, BlockIQ4_XS& block) {
  const SteppedScales<LevelsIQ4, 32> chosen(values, importance);
  block.scale = chosen.unit();
  int8_t steps[8];
  for (int g = 0; g < 8; ++g) steps[g] = chosen.steps(g);
  pack_iq4_scales(steps, block);
  for (int g = 0; g < 8; ++g) put_iq4(values + g * 32, chosen.scale(g), block.quants + g * 16);
}

// Here the lanes are four starting scales of one group.
void quantize_block(const float* values, const float* importance, BlockIQ4_NL& block) {
  Lanes x[32], w[32];
  float repeated[4 * 32], weights_repeated[4 * 32];
  for (int copy = 0; copy < lanes; ++copy) {
    std::memcpy(repeated + copy * 32, values, 32 * sizeof(float));
    if (importance != nullptr) std::memcpy(weights_repeated + copy * 32, importance, 32 * sizeof(float));
  }
  const Groups<32> group(repeated);
  const Weights<32> weights(group, importance == nullptr ? nullptr : weights_repeated);
  std::copy(group.x, group.x + 32, x);
  std::copy(weights.w, weights.w + 32, w);
  const Lanes extreme = extreme_of(x);
  block = {};
  if (!(std::fabs(extreme[0]) >= negligible)) return;
  Fit fit;
  for (int i = 0; i < LevelsIQ4::targets; i += 2) {
    const float target = LevelsIQ4::first_target + LevelsIQ4::target_step * static_cast<float>(i);
    const Lanes targets = {target, -target, target + LevelsIQ4::target_step, -target - LevelsIQ4::target_step};
    try_inverse<LevelsIQ4>(x, w, targets / extreme, fit);
  }
  for (int i = 0; i < 2; ++i) try_inverse<LevelsIQ4>(x, w, inverse_of(fit.scale), fit);
  int best = 0;
  for (int lane = 1; lane < lanes; ++lane) best = fit.gain[lane] > fit.gain[best] ? lane : best;
  block.scale = f32_to_f16(fit.scale[best]);
  put_iq4(values, f16_to_f32(block.scale), block.quants);
}

}  // namespace quire
