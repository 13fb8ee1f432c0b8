// The matmul of weights in F32, F16 and BF16: one chain of fused operations over k for each row and output.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/kernels.h"
#include "kernels/lanes/prefetch.h"
#include "kernels/packed_layout.h"

namespace quire {
namespace {

// The 16 outputs' weights of input k of a panel.
template <ElementType type>
QUIRE_LEAF_INLINE Floats load_weights(const uint8_t* panel, int64_t k) {
  if constexpr (type == ElementType::f32) return load(reinterpret_cast<const float*>(panel + k * 64));
  if constexpr (type == ElementType::f16) return load_f16(panel + k * 32);
  return load_bf16(panel + k * 32);
}

// Neighbouring panels and the rows that meet them; x and y begin at the first of the rows.
struct FloatTile {
  const uint8_t* panel;
  int64_t panel_bytes;
  const float* x;
  int64_t inputs;
  float* y;
  int64_t y_stride;
  int64_t outputs;  // from the first panel on that exist
};

// rows * panels chains: four and more hide the latency of one.
template <ElementType type, int rows, int panels>
void multiply_float_tile(const FloatTile& tile) {
  constexpr int64_t step_bytes = packed::step_of(type).bytes;
  Floats acc[panels][rows];
#pragma GCC unroll 4
  for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) acc[p][r] = zeros();
  }
  for (int64_t k = 0; k < tile.inputs; ++k) {
#pragma GCC unroll 4
    for (int p = 0; p < panels; ++p) {
      const uint8_t* panel = tile.panel + p * tile.panel_bytes;
      prefetch_weights(panel + k * step_bytes);
      const Floats weights = load_weights<type>(panel, k);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) acc[p][r] = fma(weights, broadcast(tile.x[r * tile.inputs + k]), acc[p][r]);
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      store_first(tile.y + r * tile.y_stride + p * packed::lanes, acc[p][r], tile.outputs - p * packed::lanes);
    }
  }
}

// REQUIRES: 1 <= rows <= rows_max.
template <ElementType type, int rows_max, int panels>
void multiply_float_rows(const FloatTile& tile, int64_t rows) {
  if (rows == rows_max) return multiply_float_tile<type, rows_max, panels>(tile);
  if constexpr (rows_max > 1) multiply_float_rows<type, rows_max - 1, panels>(tile, rows);
}

template <ElementType type>
void matmul_float_weights(const MatmulArgs& args) {
  constexpr int64_t few_rows = matmul_tile_rows * 3 / 8;  // with so few, four panels go together
  const int64_t rows = args.x.rows;
  const int64_t inputs = args.x.inputs;
  const int64_t tile_count = (rows + matmul_tile_rows - 1) / matmul_tile_rows;
  const int64_t panel_bytes = packed::panel_bytes(type, inputs);
  for (int64_t panel = args.panel_begin; panel < args.panel_end;) {
    const int64_t first = panel * packed::lanes;
    const int64_t panels = rows <= few_rows && args.panel_end - panel >= 4 ? 4 : 1;
    int64_t row = 0;
    for (int64_t i = 0; i < tile_count; ++i) {  // tiles of nearly equal height
      const int64_t end = rows * (i + 1) / tile_count;
      const FloatTile tile = {reinterpret_cast<const uint8_t*>(args.weights.bytes) + panel * panel_bytes,
                              panel_bytes,
                              args.x.values + row * inputs,
                              inputs,
                              args.y + row * args.y_stride + first,
                              args.y_stride,
                              args.weights.outputs - first};
      if (panels == 4) {
        multiply_float_rows<type, few_rows, 4>(tile, end - row);
      } else {
        multiply_float_rows<type, matmul_tile_rows, 1>(tile, end - row);
      }
      row = end;
    }
    panel += panels;
  }
}

inline void matmul_float_types(const MatmulArgs& args) {
  switch (args.weights.type) {
    case ElementType::f32:
      return matmul_float_weights<ElementType::f32>(args);
    case ElementType::f16:
      return matmul_float_weights<ElementType::f16>(args);
    case ElementType::bf16:
      return matmul_float_weights<ElementType::bf16>(args);
    default:
      return;
  }
}

}  // namespace
}  // namespace quire
