#include "tensor/quantize_k.h"

#include <algorithm>
#include <cmath>

#include "tensor/float16.h"

namespace quire {
namespace {

// Four groups at a time: a lane is a group, so a sum over a group is one chain and needs no reordering.
constexpr int lanes = 4;
using Lanes = float __attribute__((vector_size(lanes * sizeof(float))));
using Mask = int32_t __attribute__((vector_size(lanes * sizeof(int32_t))));

Lanes all(float value) { return Lanes{value, value, value, value}; }
Lanes select(Mask mask, Lanes yes, Lanes no) { return mask ? yes : no; }
Lanes lesser(Lanes a, Lanes b) { return select(b < a, b, a); }
Lanes greater(Lanes a, Lanes b) { return select(b > a, b, a); }
Lanes magnitude(Lanes a) { return greater(a, -a); }
bool any(Mask mask) { return (mask[0] | mask[1] | mask[2] | mask[3]) != 0; }

// Nearest integer, ties to even, for magnitudes below 2^22: the sum's last place is 1.
Lanes nearest(Lanes value) {
  constexpr float magic = 0x1.8p23F;
  return (value + magic) - magic;
}
Lanes nearest_within(Lanes value, float low, float high) {
  return nearest(lesser(greater(value, all(low)), all(high)));
}

// The nearest integer in [low, high]; NaN gives low.
int nearest_int(float value, int low, int high) {
  if (!(value > static_cast<float>(low))) return low;
  if (value >= static_cast<float>(high)) return high;
  constexpr float magic = 0x1.8p23F;
  return static_cast<int>((value + magic) - magic);
}

// Below this a group is as good as constant: its reciprocal would leave the range of f32.
constexpr float negligible = 1e-15F;

// (elements of a group) of four groups that follow each other in memory.
template <int elements>
struct Groups {
  Lanes x[elements];
  explicit Groups(const float* values) {
    for (int i = 0; i < elements; ++i) {
      for (int lane = 0; lane < lanes; ++lane) x[i][lane] = values[lane * elements + i];
    }
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

constexpr int group_k = 32;

Lanes squared_error(const Groups<group_k>& group, const Lanes* weights, Lanes inverse, Lanes low, ScaleAndMin fit,
                    float levels) {
  Lanes error = all(0);
  for (int i = 0; i < group_k; ++i) {
    const Lanes quant = nearest_within(inverse * (group.x[i] - low), 0.0F, levels);
    const Lanes difference = fit.scale * quant - fit.min - group.x[i];
    error += weights[i] * difference * difference;
  }
  return error;
}

Moments moments(const Groups<group_k>& group, const Lanes* weights, Lanes inverse, Lanes low, float levels) {
  Moments sums;
  for (int i = 0; i < group_k; ++i) {
    const Lanes quant = nearest_within(inverse * (group.x[i] - low), 0.0F, levels);
    const Lanes weighted = weights[i] * quant;
    sums.l += weighted;
    sums.l2 += weighted * quant;
    sums.xl += weighted * group.x[i];
  }
  return sums;
}

// The scale and minimum with the least weighted square error over all real numbers with min >= 0, the quants given.
ScaleAndMin least_squares(const Moments& sums, Lanes weight_sum, Lanes x_sum, Mask& solvable) {
  const Lanes determinant = weight_sum * sums.l2 - sums.l * sums.l;
  solvable = determinant > 0.0F;
  const Lanes safe = select(solvable, determinant, all(1));
  const Lanes scale = (weight_sum * sums.xl - x_sum * sums.l) / safe;
  const Lanes offset = (sums.l2 * x_sum - sums.l * sums.xl) / safe;
  const Mask positive = offset > 0.0F;  // the format cannot say it: the best with no minimum then
  const Lanes safe_l2 = select(sums.l2 > 0.0F, sums.l2, all(1));
  return {.scale = select(positive, sums.xl / safe_l2, scale), .min = select(positive, all(0), -offset)};
}

// Starting grids: quants for steps of (levels + start + 0.1 * i) over the range of the group, i in [0, count].
struct SearchGrid {
  float levels;
  float start;
  int count;
};
constexpr SearchGrid q4_k_grid = {.levels = 15, .start = -1.0F, .count = 20};
constexpr SearchGrid q5_k_grid = {.levels = 31, .start = -0.5F, .count = 15};

ScaleAndMin fit_scale_and_min(const Groups<group_k>& group, const SearchGrid& grid) {
  Lanes low = all(0), high = group.x[0], square_sum = all(0), x_sum = all(0), weight_sum = all(0);
  for (const Lanes x : group.x) {
    low = lesser(low, x);
    high = greater(high, x);
    square_sum += x * x;
  }
  Lanes rms;
  for (int lane = 0; lane < lanes; ++lane) rms[lane] = std::sqrt(square_sum[lane] / group_k);
  Lanes weights[group_k];
  for (int i = 0; i < group_k; ++i) {
    weights[i] = rms + magnitude(group.x[i]);
    weight_sum += weights[i];
    x_sum += weights[i] * group.x[i];
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

// Scales and minima of a block, as found and as stored.
struct BlockScales {
  uint16_t scale;      // f16
  uint16_t min_scale;  // f16
  GroupScales groups;
};

BlockScales choose_scales(const float* values, const SearchGrid& grid) {
  float scales[8];
  float mins[8];
  for (int part = 0; part < 8; part += lanes) {
    const ScaleAndMin fit = fit_scale_and_min(Groups<group_k>(values + part * group_k), grid);
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

// x ~ scale * q with q in [-32, 31]: the scale with the least error weighted by x^2 among those that the starting
// scales -(32 + 0.1 * i) / extreme, i in [-9, 9], lead to.
Lanes fit_scale(const Groups<group_6>& group) {
  Lanes extreme = group.x[0];
  for (const Lanes x : group.x) extreme = select(magnitude(x) > magnitude(extreme), x, extreme);
  const Mask flat = magnitude(extreme) < negligible;
  const Lanes safe_extreme = select(flat, all(1), extreme);
  Lanes best_scale = all(0), best_gain = all(0);  // the error falls by gain = (sum of x q)^2 / (sum of q^2)
  for (int step = -9; step <= 9; ++step) {
    const Lanes inverse = -(32.0F + 0.1F * static_cast<float>(step)) / safe_extreme;
    Lanes xl = all(0), l2 = all(0);
    for (const Lanes x : group.x) {
      const Lanes quant = nearest_within(inverse * x, -32.0F, 31.0F);
      const Lanes weighted = x * x * quant;
      xl += weighted * x;
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

void quantize_block(const float* values, BlockQ4_K& block) {
  const BlockScales chosen = choose_scales(values, q4_k_grid);
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

void quantize_block(const float* values, BlockQ5_K& block) {
  const BlockScales chosen = choose_scales(values, q5_k_grid);
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

void quantize_block(const float* values, BlockQ6_K& block) {
  float scales[16];
  for (int part = 0; part < 16; part += lanes) {
    const Lanes fit = fit_scale(Groups<group_6>(values + part * group_6));
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

}  // namespace quire
