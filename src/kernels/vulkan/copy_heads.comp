// CopyHeads of kernels/gpu/rows.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Args {
  Floats x;
  Floats y;
  Integers rows;
  int64_t row_count;
  int64_t heads;
  int64_t size;
  int64_t x_stride;
  int64_t y_stride;
  int64_t x_head_stride;
  int64_t y_head_stride;
};
#include "launch.glsl"
#include "elements.glsl"

void main() {
  if (is_no_block()) return;
  const int size = int(launch.args.size);
  const int x_head_stride = int(launch.args.x_head_stride), y_head_stride = int(launch.args.y_head_stride);
  const Piece piece = piece_of(launch.args.heads * launch.args.size);
  int row = piece.row;
  if (!is_null(uint64_t(launch.args.rows))) row = launch.args.rows.at[row];
  Floats x = from(launch.args.x, row * launch.args.x_stride);
  Floats y = from(launch.args.y, piece.row * launch.args.y_stride);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    const int head = i / size, element = i % size;
    y.at[head * y_head_stride + element] = x.at[head * x_head_stride + element];
  }
}
