// Mix of kernels/gpu/streams.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

const int mixed_rows_max = 8;

layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Args {
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
  if (is_no_block()) return;
  const int y_count = int(launch.args.y_count), x_count = int(launch.args.x_count);
  const Piece piece = piece_of(launch.args.width);
  const int64_t begin = piece.row * launch.args.width;
  Floats weights = from(launch.args.weights, int64_t(piece.row) * y_count * x_count);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    float x[mixed_rows_max];
    for (int j = 0; j < x_count; ++j) x[j] = from(launch.args.x[j], begin).at[i];
    for (int k = 0; k < y_count; ++k) {
      Floats y = from(launch.args.y[k], begin);
      float mixed = y.at[i];
      for (int j = 0; j < x_count; ++j) mixed = fused(weights.at[k * x_count + j], x[j], mixed);
      y.at[i] = mixed;
    }
  }
}
