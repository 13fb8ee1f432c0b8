// Which rows a matmul multiplies with which matrix, and where the results go.
#pragma once

#include "kernels/gpu/quantize.h"

namespace quire::gpu {

// Rows [begin, end) that one matrix of a stack multiplies.
struct MatrixRows {
  int32_t matrix;
  int32_t begin;
  int32_t end;
};

// y[i] = scale * W x[i] + bias. Either each matrix of a stack multiplies its own `rows` rows, one after another in the
// form, `x_matrix_stride` from each other as floats; or `tiles` says which rows meet which, and `x_rows` where they
// are.
struct MatmulArgs {
  const uint8_t* weights = nullptr;  // packed
  int64_t matrix_bytes = 0;          // from one of a stack to the next
  int64_t matrices = 1;
  int64_t outputs = 0;
  int64_t inputs = 0;

  const QuantizedGroup* form = nullptr;  // (any, inputs / 32): of quantized weights
  const float* x = nullptr;              // of the others
  int64_t x_stride = 0;                  // from row to row
  int64_t x_matrix_stride = 0;
  int64_t rows = 0;

  const MatrixRows* tiles = nullptr;  // (tile_count), each of at most the kernel's rows; some may be empty
  int64_t tile_count = 0;
  const int32_t* x_rows = nullptr;  // of each row of y; null: the same

  float* y = nullptr;
  int64_t y_stride = 0;
  int64_t y_matrix_stride = 0;
  float scale = 1.0F;
  const float* bias = nullptr;  // (matrices, outputs); null: none
};

inline int64_t tiles_of_matrix(const MatmulArgs& args, int64_t tile_rows) { return ceil_div(args.rows, tile_rows); }

inline int64_t row_tiles(const MatmulArgs& args, int64_t tile_rows) {
  return args.tiles != nullptr ? args.tile_count : args.matrices * tiles_of_matrix(args, tile_rows);
}

// Blocks of `panels` panels each. Those that read the same weights follow one another.
inline Grid matmul_grid(const MatmulArgs& args, int64_t panels, int64_t tile_rows) {
  return {ceil_div(args.outputs, panels * panel_outputs) * row_tiles(args, tile_rows)};
}

// What a block computes.
struct MatmulTask {
  int64_t first_panel;
  MatrixRows rows;
};

inline MatmulTask matmul_task(const MatmulArgs& args, int64_t panels, int64_t tile_rows) {
  const auto tiles = static_cast<uint32_t>(row_tiles(args, tile_rows));
  const auto block = static_cast<uint32_t>(block_index());
  const uint32_t tile = block % tiles;
  const int64_t first_panel = block / tiles * panels;
  if (args.tiles != nullptr) return {first_panel, args.tiles[tile]};
  const auto of_matrix = static_cast<uint32_t>(tiles_of_matrix(args, tile_rows));
  const int64_t begin = tile % of_matrix * tile_rows;
  return {first_panel,
          {.matrix = static_cast<int32_t>(tile / of_matrix),
           .begin = static_cast<int32_t>(begin),
           .end = static_cast<int32_t>(min_of(args.rows, begin + tile_rows))}};
}

// Of row `row` of the matrix that the task is of.
inline const QuantizedGroup* form_of_row(const MatmulArgs& args, const MatrixRows& rows, int64_t row) {
  const int64_t own = args.tiles == nullptr ? rows.matrix * args.rows + row : row;
  return args.form + (args.x_rows == nullptr ? own : args.x_rows[own]) * (args.inputs / quant_group);
}

inline const float* values_of_row(const MatmulArgs& args, const MatrixRows& rows, int64_t row) {
  const float* const x = args.tiles == nullptr ? args.x + rows.matrix * args.x_matrix_stride : args.x;
  return x + (args.x_rows == nullptr ? row : args.x_rows[row]) * args.x_stride;
}

inline const uint8_t* panel_of(const MatmulArgs& args, int64_t matrix, int64_t panel, int64_t panel_bytes) {
  return args.weights + matrix * args.matrix_bytes + panel * panel_bytes;
}

inline void store_output(const MatmulArgs& args, const MatrixRows& rows, int64_t row, int64_t output, float sum) {
  if (output >= args.outputs) return;
  float* const y = args.y + row * args.y_stride + (args.tiles == nullptr ? rows.matrix * args.y_matrix_stride : 0);
  const float scaled = sum * args.scale;
  y[output] = args.bias == nullptr ? scaled : scaled + args.bias[rows.matrix * args.outputs + output];
}

}  // namespace quire::gpu
