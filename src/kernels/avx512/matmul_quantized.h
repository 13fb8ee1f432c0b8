// The quantized matmul of the AVX-512 tables: a panel's groups are unpacked once for up to 8 rows.
// The includer's `Dot` says how integers are multiplied; sums are exact, so it has no effect on bits.
// For leaf files that are compiled for AVX-512: everything has internal linkage.
#pragma once

#include <immintrin.h>

#include "kernels/avx512/unpack.h"
#include "kernels/kernels.h"

namespace quire {
namespace {

constexpr int64_t tile_rows_max = 8;  // 8 unpacked quads + 8 sums + scales and temporaries: 32 registers
constexpr int64_t prefetch_bytes = 2048;

// Four int8, or two int16, to every lane.
QUIRE_LEAF_INLINE __m512i broadcast_word(const void* at) {
  int32_t word;
  __builtin_memcpy(&word, at, sizeof(word));
  return _mm512_set1_epi32(word);
}

// The places of one row's activations for the group at hand.
struct RowAt {
  const int8_t* quants;
  const int16_t* half_sums;
  float scale;
  float sum;
};

// acc + one group, in the written order.
template <class Dot, class Weights>
QUIRE_LEAF_INLINE __m512 add_group(const Group& group, const RowAt& x, __m512 acc) {
  __m512 sum;
  if constexpr (Weights::has_sub_scales) {
    // |sum of a half| <= 32 * 127 * 16 and |sub scale| <= 128: products and their sum are below 2^24, exact in f32.
    const __m512i offsets = _mm512_set1_epi32((-Weights::offset) & 0xFFFF);  // pairs of (-offset, 0)
    const __m512i first = Dot::template sum_quads<Weights::bits, 0, 4>(group.quads, x.quants,
                                                                       Dot::scale_halves(offsets, x.half_sums));
    const __m512i last = Dot::template sum_quads<Weights::bits, 4, 8>(
        group.quads, x.quants, Dot::scale_halves(_mm512_slli_epi32(offsets, 16), x.half_sums));
    sum = _mm512_mul_ps(_mm512_cvtepi32_ps(first), group.sub_scales[0]);
    sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(last), group.sub_scales[1], sum);
  } else {
    __m512i start = _mm512_setzero_si512();
    if constexpr (Weights::offset != 0) start = Dot::scale_halves(_mm512_set1_epi16(-Weights::offset), x.half_sums);
    sum = _mm512_cvtepi32_ps(Dot::template sum_quads<Weights::bits, 0, 8>(group.quads, x.quants, start));
  }
  acc = _mm512_fmadd_ps(sum, _mm512_mul_ps(group.scale, _mm512_set1_ps(x.scale)), acc);
  if constexpr (Weights::has_minimum) acc = _mm512_fmadd_ps(group.minimum, _mm512_set1_ps(x.sum), acc);
  return acc;
}

// `rows` rows from `row` on, one panel.
template <class Dot, class Weights, int rows>
void multiply_tile(const uint8_t* step, const Activations& x, int64_t row, float* y, int64_t y_stride,
                   __mmask16 outputs) {
  const int64_t groups = x.inputs / quant_group;
  const int8_t* quants = x.quants + row * x.inputs;
  const int16_t* half_sums = x.half_sums + row * groups * 2;
  const float* scales = x.scales + row * groups;
  const float* sums = x.group_sums + row * groups;
  constexpr int64_t group_bytes = Weights::step_bytes / Weights::step_groups;
  __m512 acc[rows];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) acc[r] = _mm512_setzero_ps();
  for (int64_t g = 0; g < groups; step += Weights::step_bytes) {
    const Head head = Weights::load_head(step);
    const int64_t count = groups - g < Weights::step_groups ? groups - g : Weights::step_groups;
    for (int64_t i = 0; i < count; ++i, ++g) {
#pragma GCC unroll 16
      for (int64_t line = 0; line < group_bytes; line += 64) {
        _mm_prefetch(reinterpret_cast<const char*>(step + i * group_bytes + line + prefetch_bytes), _MM_HINT_T0);
      }
      Group group;
      Weights::load_group(step, head, i, group);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        const RowAt at = {quants + r * x.inputs + g * quant_group, half_sums + (r * groups + g) * 2,
                          scales[r * groups + g], sums[r * groups + g]};
        acc[r] = add_group<Dot, Weights>(group, at, acc[r]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) _mm512_mask_storeu_ps(y + r * y_stride, outputs, acc[r]);
}

using MultiplyTile = void (*)(const uint8_t*, const Activations&, int64_t, float*, int64_t, __mmask16);

template <class Dot, class Weights>
void matmul_weights(const MatmulArgs& args) {
  static constexpr MultiplyTile tiles[tile_rows_max] = {
      multiply_tile<Dot, Weights, 1>, multiply_tile<Dot, Weights, 2>, multiply_tile<Dot, Weights, 3>,
      multiply_tile<Dot, Weights, 4>, multiply_tile<Dot, Weights, 5>, multiply_tile<Dot, Weights, 6>,
      multiply_tile<Dot, Weights, 7>, multiply_tile<Dot, Weights, 8>,
  };
  const int64_t rows = args.x.rows;
  const int64_t tile_count = (rows + tile_rows_max - 1) / tile_rows_max;
  const int64_t panel_size = packed::panel_bytes(args.weights.type, args.weights.inputs);
  for (int64_t panel = args.panel_begin; panel < args.panel_end; ++panel) {
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(args.weights.bytes) + panel * panel_size;
    const int64_t first = panel * packed::lanes;
    const int64_t left = args.weights.outputs - first;
    const auto outputs = static_cast<__mmask16>(left >= packed::lanes ? 0xFFFF : (1 << left) - 1);
    int64_t row = 0;
    for (int64_t tile = 0; tile < tile_count; ++tile) {  // tiles of nearly equal height
      const int64_t end = rows * (tile + 1) / tile_count;
      tiles[end - row - 1](bytes, args.x, row, args.y + row * args.y_stride + first, args.y_stride, outputs);
      row = end;
    }
  }
}

template <class Dot>
void matmul_quantized(const MatmulArgs& args) {
  switch (args.weights.type) {
    case ElementType::q4_0: return matmul_weights<Dot, PairWeights<4, 8>>(args);
    case ElementType::q5_0: return matmul_weights<Dot, PairWeights<5, 16>>(args);
    case ElementType::q8_0: return matmul_weights<Dot, PairWeights<8, 128>>(args);
    case ElementType::q4_1: return matmul_weights<Dot, MinimumWeights<4>>(args);
    case ElementType::q5_1: return matmul_weights<Dot, MinimumWeights<5>>(args);
    case ElementType::q4_k: return matmul_weights<Dot, SuperWeights<4>>(args);
    case ElementType::q5_k: return matmul_weights<Dot, SuperWeights<5>>(args);
    case ElementType::q6_k: return matmul_weights<Dot, HalfScaledWeights>(args);
    default: return;
  }
}

}  // namespace
}  // namespace quire
