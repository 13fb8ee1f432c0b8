#include "tensor/quantize_k.h"

#include <algorithm>
#include <cmath>

#include "tensor/float16.h"
#include "tensor/four_groups.h"
#include "tensor/stepped_minima.h"

namespace quire {
namespace {

using namespace four;  // this file and its like are written in its words

constexpr int group_k = 32;
constexpr SearchGrid q4_k_grid = {.levels = 15, .start = -1.0F, .count = 20};
constexpr SearchGrid q2_k_grid = {.levels = 3, .start = -0.9F, .count = 20};
constexpr SearchGrid q5_k_grid = {.levels = 31, .start = -0.5F, .count = 15};

// Scales and minima of a block, as found and as stored.
struct BlockScales {
  uint16_t scale;      // f16
  uint16_t min_scale;  // f16
  GroupScales groups;
};

// With importance, rounding to steps is improved too. Without it, files stay what they were.
BlockScales choose_important_scales(const float* values, const float* importance, const SearchGrid& grid) {
  const SteppedMinima<group_k, 63> fitted(values, importance, grid);
  BlockScales chosen = {
      .scale = f32_to_f16(fitted.units().scale), .min_scale = f32_to_f16(fitted.units().min), .groups = {}};
  for (int g = 0; g < 8; ++g) {
    chosen.groups.scales[g] = fitted.scale_steps(g);
    chosen.groups.mins[g] = fitted.min_steps(g);
  }
  return chosen;
}

BlockScales choose_scales(const float* values, const float* importance, const SearchGrid& grid) {
  if (importance != nullptr) return choose_important_scales(values, importance, grid);
  float scales[8];
  float mins[8];
  for (int part = 0; part < 8; part += lanes) {
    const Groups<group_k> group(values + part * group_k);
    const Weights<group_k> weights(group, nullptr);
    const ScaleAndMin fit = fit_scale_and_min(group, weights, grid);
    for (int lane = 0; lane < lanes; ++lane) {
      scales[part + lane] = std::max(fit.scale[lane], 0.0F);
      mins[part + lane] = fit.min[lane];
    }
  }
  const float scale_max = *std::max_element(scales, scales + 8);
  const float min_max = *std::max_element(mins, mins + 8);
  BlockScales chosen;
  chosen.scale = f32_to_f16(scale_max / 63.0F);
  chosen.min_scale = f32_to_f16(min_max / 63.0F);
  for (int g = 0; g < 8; ++g) {
    chosen.groups.scales[g] =
        static_cast<uint8_t>(scale_max > 0 ? nearest_int(63.0F * (scales[g] / scale_max), 0, 63) : 0);
    chosen.groups.mins[g] = static_cast<uint8_t>(min_max > 0 ? nearest_int(63.0F * (mins[g] / min_max), 0, 63) : 0);
  }
  return chosen;
}

// The quants of a block for its stored scales.
void choose_quants(const float* values, const BlockScales& chosen, int levels, uint8_t* quants) {
  for (int g = 0; g < 8; ++g) {
    const float scale = f16_to_f32(chosen.scale) * static_cast<float>(chosen.groups.scales[g]);
    const float min = f16_to_f32(chosen.min_scale) * static_cast<float>(chosen.groups.mins[g]);
    for (int i = g * group_k; i < (g + 1) * group_k; ++i) {
      quants[i] = static_cast<uint8_t>(scale > 0 ? nearest_int((values[i] + min) / scale, 0, levels) : 0);
    }
  }
}

constexpr int group_6 = 16;

// x ~ scale * q with q in [-32, 31]: the scale with the least error, weighted by x^2 where no importance is given,
// among those that the starting scales -(32 + 0.1 * i) / extreme, i in [-9, 9], lead to.
Lanes fit_scale(const Groups<group_6>& group, const Groups<group_6>& weights) {
  Lanes extreme = group.x[0];
  for (const Lanes x : group.x) extreme = select(magnitude(x) > magnitude(extreme), x, extreme);
  const Mask flat = magnitude(extreme) < negligible;
  const Lanes safe_extreme = select(flat, all(1), extreme);
  Lanes best_scale = all(0), best_gain = all(0);  // the error falls by gain = (sum of x q)^2 / (sum of q^2)
  for (int step = -9; step <= 9; ++step) {
    const Lanes inverse = -(32.0F + 0.1F * static_cast<float>(step)) / safe_extreme;
    Lanes xl = all(0), l2 = all(0);
    for (int i = 0; i < group_6; ++i) {
      const Lanes quant = nearest_within(inverse * group.x[i], -32.0F, 31.0F);
      const Lanes weighted = weights.x[i] * quant;
      xl += weighted * group.x[i];
      l2 += weighted * quant;
    }
    const Lanes scale = xl / select(l2 > 0.0F, l2, all(1));
    const Mask better = scale * xl > best_gain;
    best_gain = select(better, scale * xl, best_gain);
    best_scale = select(better, scale, best_scale);
  }
  return select(flat, all(0), best_scale);
}

}  // namespace

void quantize_block(const float* values, const float* importance, BlockQ4_K& block) {
  const BlockScales chosen = choose_scales(values, importance, q4_k_grid);
  uint8_t quants[256];
  choose_quants(values, chosen, 15, quants);
  block.scale = chosen.scale;
  block.min_scale = chosen.min_scale;
  pack_group_scales(chosen.groups, block.scales);
  for (int pair = 0; pair < 4; ++pair) {
    for (int i = 0; i < 32; ++i) {
      block.quants[pair * 32 + i] = static_cast<uint8_t>(quants[pair * 64 + i] | (quants[pair * 64 + 32 + i] << 4));
    }
  }
}

void quantize_block(const float* values, const float* importance, BlockQ5_K& block) {
  const BlockScales chosen = choose_scales(values, importance, q5_k_grid);
  uint8_t quants[256];
  choose_quants(values, chosen, 31, quants);
  block = {};
  block.scale = chosen.scale;
  block.min_scale = chosen.min_scale;
  pack_group_scales(chosen.groups, block.scales);
  for (int i = 0; i < 256; ++i) {
    const int group = i / 32;
    uint8_t& low = block.quants[group / 2 * 32 + i % 32];
    low = static_cast<uint8_t>(low | ((quants[i] & 0x0f) << (group % 2 * 4)));
    uint8_t& high = block.high_bits[i % 32];
    high = static_cast<uint8_t>(high | ((quants[i] >> 4) << group));
  }
}

void quantize_block(const float* values, const float* importance, BlockQ6_K& block) {
  float scales[16];
  for (int part = 0; part < 16; part += lanes) {
    const Groups<group_6> group(values + part * group_6);
    Groups<group_6> weights = group;
    if (importance != nullptr) {
      weights = Groups<group_6>(importance + part * group_6);
    } else {
      for (Lanes& x : weights.x) x *= x;
    }
    const Lanes fit = fit_scale(group, weights);
    for (int lane = 0; lane < lanes; ++lane) scales[part + lane] = fit[lane];
  }
  float extreme = scales[0];
  for (const float scale : scales) {
    if (std::fabs(scale) > std::fabs(extreme)) extreme = scale;
  }
  block = {};
  if (std::fabs(extreme) < negligible) return;
  block.scale = f32_to_f16(extreme / -128.0F);
  for (int g = 0; g < 16; ++g) {
    block.scales[g] = static_cast<int8_t>(nearest_int(-128.0F * (scales[g] / extreme), -128, 127));
    const float scale = f16_to_f32(block.scale) * static_cast<float>(block.scales[g]);
    for (int i = g * group_6; i < (g + 1) * group_6; ++i) {
      const int quant = scale != 0 ? nearest_int(values[i] / scale, -32, 31) + 32 : 32;
      const int half = i / 128;
      const int quarter = i % 128 / 32;
      uint8_t& low = block.low_bits[half * 64 + quarter % 2 * 32 + i % 32];
      low = static_cast<uint8_t>(low | ((quant & 0x0f) << (quarter / 2 * 4)));
      uint8_t& high = block.high_bits[half * 32 + i % 32];
      high = static_cast<uint8_t>(high | ((quant >> 4) << (quarter * 2)));
    }
  }
}

void quantize_block(const float* values, const float* importance, BlockQ2_K& block) {
  const SteppedMinima<16, 15> fitted(values, importance, q2_k_grid);
  block = {};
  block.scale = f32_to_f16(fitted.units().scale);
  block.min_scale = f32_to_f16(fitted.units().min);
  for (int g = 0; g < 16; ++g) {
    block.scales[g] = static_cast<uint8_t>(fitted.scale_steps(g) | (fitted.min_steps(g) << 4));
  }
  for (int i = 0; i < 256; ++i) {
    const float scale = fitted.units().scale * static_cast<float>(fitted.scale_steps(i / 16));
    const float min = fitted.units().min * static_cast<float>(fitted.min_steps(i / 16));
    const int quant = scale > 0 ? nearest_int((values[i] + min) / scale, 0, 3) : 0;
    uint8_t& pairs = block.quants[i / 128 * 32 + i % 32];
    pairs = static_cast<uint8_t>(pairs | (quant << (i % 128 / 32 * 2)));
  }
}

}  // namespace quire
