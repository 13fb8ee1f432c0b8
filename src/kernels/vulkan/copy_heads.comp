// CopyHeads of kernels/gpu/rows.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

struct Arguments {
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
  if (!begins()) return;
  const int size = int(args.size);
  const int x_head_stride = int(args.x_head_stride), y_head_stride = int(args.y_head_stride);
  const Piece piece = piece_of(args.heads * args.size);
  int row = piece.row;
  if (!is_null(uint64_t(args.rows))) row = args.rows.at[row];
  Floats x = from(args.x, row * args.x_stride);
  Floats y = from(args.y, piece.row * args.y_stride);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    const int head = i / size, element = i % size;
    y.at[head * y_head_stride + element] = x.at[head * x_head_stride + element];
  }
}
