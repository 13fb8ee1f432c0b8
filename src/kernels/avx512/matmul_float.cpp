// Weights in F32, F16 and BF16: one chain of fused operations over k for each row and output.
#include <immintrin.h>

#include "kernels/avx512/unpack.h"
#include "kernels/isa_functions.h"

namespace quire::avx512 {
namespace {

// The 16 outputs' weights of input k of a panel.
template <ElementType type>
QUIRE_LEAF_INLINE __m512 load_weights(const uint8_t* panel, int64_t k) {
  if constexpr (type == ElementType::f32) return _mm512_loadu_ps(panel + k * 64);
  if constexpr (type == ElementType::f16) return load_f16(panel + k * 32);
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel + k * 32));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

// rows * panels chains: four and more hide the latency of one.
template <ElementType type, int rows, int panels>
void multiply_tile(const uint8_t* panel, int64_t panel_size, const Activations& x, int64_t row, float* y,
                   int64_t y_stride, __mmask16 last_outputs) {
  const float* values = x.values + row * x.inputs;
  __m512 acc[panels][rows];
#pragma GCC unroll 4
  for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) acc[p][r] = _mm512_setzero_ps();
  }
  for (int64_t k = 0; k < x.inputs; ++k) {
#pragma GCC unroll 4
    for (int p = 0; p < panels; ++p) {
      const __m512 weights = load_weights<type>(panel + p * panel_size, k);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        acc[p][r] = _mm512_fmadd_ps(weights, _mm512_set1_ps(values[r * x.inputs + k]), acc[p][r]);
      }
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < panels; ++p) {
    const auto outputs = static_cast<__mmask16>(p + 1 < panels ? 0xFFFF : last_outputs);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) _mm512_mask_storeu_ps(y + r * y_stride + p * packed::lanes, outputs, acc[p][r]);
  }
}

using MultiplyTile = void (*)(const uint8_t*, int64_t, const Activations&, int64_t, float*, int64_t, __mmask16);

template <ElementType type>
void matmul_weights(const MatmulArgs& args) {
  static constexpr MultiplyTile one_panel[8] = {
      multiply_tile<type, 1, 1>, multiply_tile<type, 2, 1>, multiply_tile<type, 3, 1>, multiply_tile<type, 4, 1>,
      multiply_tile<type, 5, 1>, multiply_tile<type, 6, 1>, multiply_tile<type, 7, 1>, multiply_tile<type, 8, 1>,
  };
  static constexpr MultiplyTile four_panels[3] = {
      multiply_tile<type, 1, 4>, multiply_tile<type, 2, 4>, multiply_tile<type, 3, 4>,
  };
  const int64_t rows = args.x.rows;
  const int64_t tile_count = (rows + 7) / 8;
  const int64_t panel_size = packed::panel_bytes(type, args.weights.inputs);
  for (int64_t panel = args.panel_begin; panel < args.panel_end;) {
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(args.weights.bytes) + panel * panel_size;
    const int64_t first = panel * packed::lanes;
    const int64_t panels = rows <= 3 && args.panel_end - panel >= 4 ? 4 : 1;
    const int64_t left = args.weights.outputs - first - (panels - 1) * packed::lanes;
    const auto outputs = static_cast<__mmask16>(left >= packed::lanes ? 0xFFFF : (1 << left) - 1);
    int64_t row = 0;
    for (int64_t tile = 0; tile < tile_count; ++tile) {
      const int64_t end = rows * (tile + 1) / tile_count;
      const MultiplyTile multiply = panels == 4 ? four_panels[end - row - 1] : one_panel[end - row - 1];
      multiply(bytes, panel_size, args.x, row, args.y + row * args.y_stride + first, args.y_stride, outputs);
      row = end;
    }
    panel += panels;
  }
}

}  // namespace

void matmul_float(const MatmulArgs& args) {
  switch (args.weights.type) {
    case ElementType::f32: return matmul_weights<ElementType::f32>(args);
    case ElementType::f16: return matmul_weights<ElementType::f16>(args);
    case ElementType::bf16: return matmul_weights<ElementType::bf16>(args);
    default: return;
  }
}

}  // namespace quire::avx512
