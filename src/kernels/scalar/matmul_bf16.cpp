// The specification of prompt rows in bf16: the arithmetic of TDPBF16PS (Intel SDM volume 2, its Operation section).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "kernels/isa_functions.h"
#include "kernels/scalar/flushed.h"
#include "kernels/scalar/half.h"
#include "kernels/scalar/unpack.h"

namespace quire::scalar {
namespace {

using Weights = std::array<std::array<float, quant_group>, lanes>;  // of one group, values of bf16

constexpr int64_t block_words = bf16_block_rows * quant_group;  // of one group

// What is added to scale * quant. Exact.
float minimum_of(Minima minima_of, const OutputScales& scales, size_t half) {
  return minima_of == Minima::of_halves ? -(scales.minima_scale * scales.minima[half]) : scales.minima[0];
}

void round_weights(ElementType type, const uint8_t* panel, int64_t g, Weights& weights) {
  Group group;
  unpack_group(type, panel, g, group);
  for (size_t o = 0; o < lanes; ++o) {
    const OutputScales& scales = group.scales[o];
    for (size_t k = 0; k < quant_group; ++k) {
      const float scale = scales.scale * scales.sub_scales[k / 16];  // exact
      const float quant = static_cast<float>(group.quants[o][k]);
      const float weight = group.minima_of == Minima::none
                               ? scale * quant
                               : std::fma(scale, quant, minimum_of(group.minima_of, scales, k / 16));
      weights[o][k] = f32_of_bf16(bf16_of_f32(weight));
    }
  }
}

float dot_group(const std::array<float, quant_group>& weights, const uint16_t* x) {
  float even = 0.0F;
  float odd = 0.0F;
  for (size_t k = 0; k < quant_group; k += 2) {
    even = fma_flushed(f32_of_bf16(x[k]), weights[k], even);
    odd = fma_flushed(f32_of_bf16(x[k + 1]), weights[k + 1], odd);
  }
  return add_flushed(even, odd);
}

}  // namespace

void round_to_bf16(const Bf16Args& args) {
  const int64_t groups = args.inputs / quant_group;
  const int64_t blocks = (args.row_count + bf16_block_rows - 1) / bf16_block_rows;
  for (int64_t i = 0; i < blocks * bf16_block_rows; ++i) {
    uint16_t* to = args.bf16 + i / bf16_block_rows * groups * block_words + i % bf16_block_rows * quant_group;
    for (int64_t k = 0; k < args.inputs; ++k) {
      to[k / quant_group * block_words + k % quant_group] =
          i < args.row_count ? bf16_of_f32(args.x[args.rows[i] * args.inputs + k]) : uint16_t{0};
    }
  }
}

void matmul_bf16(const Bf16MatmulArgs& args) {
  const int64_t groups = args.weights.inputs / quant_group;
  Weights weights;
  for (int64_t panel = args.panel_begin; panel < args.panel_end; ++panel) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(args.weights.bytes) +
                        panel * packed::panel_bytes(args.weights.type, args.weights.inputs);
    const int64_t first = panel * lanes;
    const int64_t outputs = std::min(lanes, args.weights.outputs - first);
    for (int64_t g = 0; g < groups; ++g) {
      round_weights(args.weights.type, bytes, g, weights);
      for (int64_t i = 0; i < args.row_count; ++i) {
        const uint16_t* x =
            args.x + (i / bf16_block_rows * groups + g) * block_words + i % bf16_block_rows * quant_group;
        float* y = args.y + args.rows[i] * args.y_stride + first;
        for (int64_t o = 0; o < outputs; ++o) {
          y[o] = add_flushed(g == 0 ? 0.0F : y[o], dot_group(weights[static_cast<size_t>(o)], x));
        }
      }
    }
  }
}

}  // namespace quire::scalar
