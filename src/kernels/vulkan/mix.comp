// Mix of kernels/gpu/streams.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

const int mixed_rows_max = 8;

struct Arguments {
  Floats y[mixed_rows_max];
  Floats x[mixed_rows_max];
  Floats weights;
  int64_t y_count;
  int64_t x_count;
  int64_t rows;
  int64_t width;
};
#include "launch.glsl"
#include "elements.glsl"

void main() {
  if (!begins()) return;
  const int y_count = int(args.y_count), x_count = int(args.x_count);
  const Piece piece = piece_of(args.width);
  const int64_t begin = piece.row * args.width;
  Floats weights = from(args.weights, int64_t(piece.row) * y_count * x_count);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    float x[mixed_rows_max];
    for (int j = 0; j < x_count; ++j) x[j] = from(args.x[j], begin).at[i];
    for (int k = 0; k < y_count; ++k) {
      Floats y = from(args.y[k], begin);
      float mixed = y.at[i];
      for (int j = 0; j < x_count; ++j) mixed = fused(weights.at[k * x_count + j], x[j], mixed);
      y.at[i] = mixed;
    }
  }
}
