// The matmul of weights in floats: one chain of fused operations for each row and output, step after step of a panel.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/kernels.h"
#include "kernels/lanes/prefetch.h"
#include "kernels/packed_layout.h"

namespace quire {
namespace {

// What a step of a panel (packed_layout.h) adds to the sums of a tile's rows. x: the rows, whose
// inputs from k on are the step's. Rows whose inputs are no whole steps end with zeros (pads_rows), or their last
// input is added by itself. With more than a few rows, many_panels meet a tile at a time.
template <ElementType weight_type>
struct ValueSteps {
  using Input = float;
  static constexpr ElementType type = weight_type;
  static constexpr int64_t inputs = 1;
  static constexpr bool pads_rows = true;
  static constexpr int many_panels = 1;

  template <int rows>
  static QUIRE_LEAF_INLINE void add(const uint8_t* at, const float* const (&x)[rows], int64_t k, Floats (&acc)[rows]) {
    const Floats weights = type == ElementType::f32 ? load(reinterpret_cast<const float*>(at)) : load_f16(at);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) acc[r] = fma(weights, broadcast(x[r][k]), acc[r]);
  }
};

// Pairs of BF16: the first input is the low half of a word, and the value of the high half that of the word without it.
template <>
struct ValueSteps<ElementType::bf16> {
  using Input = float;
  static constexpr ElementType type = ElementType::bf16;
  static constexpr int64_t inputs = 2;
  static constexpr bool pads_rows = false;
  static constexpr int many_panels = 1;

  template <int rows>
  static QUIRE_LEAF_INLINE void add(const uint8_t* at, const float* const (&x)[rows], int64_t k, Floats (&acc)[rows]) {
    add_first(at, x, k, acc);
    const Floats weights = as_floats(bit_and(load_words(at), broadcast_word(~0xFFFF)));
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) acc[r] = fma(weights, broadcast(x[r][k + 1]), acc[r]);
  }
  template <int rows>
  static QUIRE_LEAF_INLINE void add_first(const uint8_t* at, const float* const (&x)[rows], int64_t k,
                                          Floats (&acc)[rows]) {
    const Floats weights = as_floats(left32<16>(load_words(at)));
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) acc[r] = fma(weights, broadcast(x[r][k]), acc[r]);
  }
};

// Neighbouring panels and the rows that meet them; x and y begin at the first of the rows.
template <typename Input>
struct FloatTile {
  const uint8_t* panel;
  int64_t panel_bytes;
  const Input* x;
  int64_t inputs;
  int64_t stride;  // inputs from a row to the next
  float* y;
  int64_t y_stride;
  int64_t outputs;  // from the first panel on that exist
};

// rows * panels chains: four and more hide the latency of one.
template <class Steps, int rows, int panels>
void multiply_float_tile(const FloatTile<typename Steps::Input>& tile) {
  constexpr int64_t step_bytes = packed::step_of(Steps::type).bytes;
  const typename Steps::Input* x[rows];  // a pointer each: offsets of rows would be kept in memory
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) x[r] = tile.x + r * tile.stride;
  Floats acc[panels][rows];
#pragma GCC unroll 4
  for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) acc[p][r] = zeros();
  }
  const int64_t steps = (Steps::pads_rows ? tile.stride : tile.inputs) / Steps::inputs;
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 4
    for (int p = 0; p < panels; ++p) {
      const uint8_t* at = tile.panel + p * tile.panel_bytes + step * step_bytes;
      prefetch_weights(at);
      Steps::add(at, x, step * Steps::inputs, acc[p]);
    }
  }
  if constexpr (!Steps::pads_rows) {
#pragma GCC unroll 4
    for (int p = 0; p < panels; ++p) {
      if (tile.inputs % Steps::inputs == 0) continue;
      const uint8_t* at = tile.panel + p * tile.panel_bytes + steps * step_bytes;
      Steps::add_first(at, x, steps * Steps::inputs, acc[p]);
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
template <class Steps, int rows_max, int panels>
void multiply_float_rows(const FloatTile<typename Steps::Input>& tile, int64_t rows) {
  if (rows == rows_max) return multiply_float_tile<Steps, rows_max, panels>(tile);
  if constexpr (rows_max > 1) multiply_float_rows<Steps, rows_max - 1, panels>(tile, rows);
}

// Rows that meet all panels before the next rows do: they stay in the second-level cache.
constexpr int64_t float_block_bytes = 256 << 10;
constexpr int64_t float_block_rows_min = 32;

// The row tiles [begin, end) of nearly equal height, and what they are tiles of.
struct FloatTiles {
  int64_t rows;
  int64_t count;
  int64_t begin;
  int64_t end;
};

// Neighbouring panels from `panel` on.
template <class Steps, int rows_max, int panels>
void multiply_float_panels(const MatmulArgs& args, const typename Steps::Input* x, int64_t stride,
                           const FloatTiles& tiles, int64_t panel) {
  const int64_t panel_bytes = packed::panel_bytes(Steps::type, args.x.inputs);
  const int64_t first = panel * packed::lanes;
  for (int64_t i = tiles.begin; i < tiles.end; ++i) {
    const int64_t row = tiles.rows * i / tiles.count;
    const FloatTile<typename Steps::Input> tile = {
        reinterpret_cast<const uint8_t*>(args.weights.bytes) + panel * panel_bytes,
        panel_bytes,
        x + row * stride,
        args.x.inputs,
        stride,
        args.y + row * args.y_stride + first,
        args.y_stride,
        args.weights.outputs - first};
    multiply_float_rows<Steps, rows_max, panels>(tile, tiles.rows * (i + 1) / tiles.count - row);
  }
}

// x: (rows, inputs), where Steps::pads_rows rounded up to whole steps.
template <class Steps>
void matmul_steps(const MatmulArgs& args, const typename Steps::Input* x) {
  constexpr int64_t few_rows = matmul_tile_rows * 3 / 8;  // with so few, four panels go together
  constexpr int many_panels = Steps::many_panels;
  const int64_t rows = args.x.rows;
  const int64_t inputs = args.x.inputs;
  const int64_t stride = Steps::pads_rows ? (inputs + Steps::inputs - 1) / Steps::inputs * Steps::inputs : inputs;
  const int64_t tile_count = (rows + float_tile_rows - 1) / float_tile_rows;
  const int64_t row_bytes = stride * static_cast<int64_t>(sizeof(typename Steps::Input));
  const int64_t fitting_rows = float_block_bytes / row_bytes;
  const int64_t block_rows = fitting_rows > float_block_rows_min ? fitting_rows : float_block_rows_min;
  const int64_t block_tiles = block_rows / float_tile_rows;
  for (int64_t begin = 0; begin < tile_count; begin += block_tiles) {
    const int64_t end = tile_count - begin < block_tiles ? tile_count : begin + block_tiles;
    const FloatTiles tiles = {rows, tile_count, begin, end};
    for (int64_t panel = args.panel_begin; panel < args.panel_end;) {
      const int64_t left = args.panel_end - panel;
      if (rows <= few_rows && left >= 4) {
        multiply_float_panels<Steps, few_rows, 4>(args, x, stride, tiles, panel);
        panel += 4;
      } else if (left >= many_panels) {
        multiply_float_panels<Steps, float_tile_rows, many_panels>(args, x, stride, tiles, panel);
        panel += many_panels;
      } else {
        multiply_float_panels<Steps, float_tile_rows, 1>(args, x, stride, tiles, panel);
        ++panel;
      }
    }
  }
}

template <ElementType type>
void matmul_values(const MatmulArgs& args) {
  matmul_steps<ValueSteps<type>>(args, args.x.values);
}

inline void matmul_float_types(const MatmulArgs& args) {
  switch (args.weights.type) {
    case ElementType::f32:
      return matmul_values<ElementType::f32>(args);
    case ElementType::f16:
      return matmul_values<ElementType::f16>(args);
    case ElementType::bf16:
      return matmul_values<ElementType::bf16>(args);
    default:
      return;
  }
}

}  // namespace
}  // namespace quire
