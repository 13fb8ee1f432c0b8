// Which rows a matmul multiplies with which matrix, and where the results go (kernels/gpu/matmul.h).
const int panel_outputs = 16;

struct MatrixRows {
  int matrix;
  int begin;
  int end;
};
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Tiles { MatrixRows at[]; };

struct Arguments {
  Bytes weights;
  int64_t matrix_bytes;
  int64_t matrices;
  int64_t outputs;
  int64_t inputs;
  Form form;
  Floats x;
  int64_t x_stride;
  int64_t x_matrix_stride;
  int64_t rows;
  Tiles tiles;
  int64_t tile_count;
  Integers x_rows;
  Floats y;
  int64_t y_stride;
  int64_t y_matrix_stride;
  float scale;
  Floats bias;
};
#include "launch.glsl"

// What a block computes: a panel, and rows of one matrix.
struct MatmulTask {
  int panel;
  MatrixRows rows;
};

MatmulTask matmul_task(int tile_rows) {
  const int rows = int(args.rows), of_matrix = quotient_up(rows, tile_rows);
  const bool is_planned = !is_null(uint64_t(args.tiles));
  const int tiles = int(is_planned ? args.tile_count : args.matrices * of_matrix);
  const int block = int(block_index()), tile = block % tiles;
  if (is_planned) return MatmulTask(block / tiles, args.tiles.at[tile]);
  const int begin = tile % of_matrix * tile_rows;
  return MatmulTask(block / tiles, MatrixRows(tile / of_matrix, begin, min(rows, begin + tile_rows)));
}

uint64_t panel_address(const MatmulTask task, int64_t panel_bytes) {
  return uint64_t(args.weights) + uint64_t(task.rows.matrix * args.matrix_bytes + task.panel * panel_bytes);
}

int64_t x_row(int64_t own) {
  return is_null(uint64_t(args.x_rows)) ? own : int64_t(integers_from(args.x_rows, own).at[0]);
}

// Where the groups of a row begin in the form.
int64_t form_row(const MatrixRows rows, int row) {
  const int64_t own = is_null(uint64_t(args.tiles)) ? rows.matrix * args.rows + row : int64_t(row);
  return x_row(own) * (args.inputs / quant_group);
}

Floats values_of_row(const MatrixRows rows, int row) {
  int64_t begin = x_row(row) * args.x_stride;
  if (is_null(uint64_t(args.tiles))) begin += rows.matrix * args.x_matrix_stride;
  return from(args.x, begin);
}

void store_output(const MatmulTask task, int row, int lane, float of_products) {
  const int element = task.panel * panel_outputs + lane;
  if (element >= int(args.outputs)) return;
  int64_t at = row * args.y_stride + element;
  if (is_null(uint64_t(args.tiles))) at += task.rows.matrix * args.y_matrix_stride;
  float y = product(of_products, args.scale);
  if (!is_null(uint64_t(args.bias))) {
    y = sum(y, from(args.bias, task.rows.matrix * args.outputs + element).at[0]);
  }
  from(args.y, at).at[0] = y;
}
