// AddExperts of kernels/gpu/experts.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Args {
  Floats outputs;
  Integers pairs;
  Floats weights;
  Floats y;
  int64_t rows;
  int64_t used;
  int64_t width;
};
#include "launch.glsl"
#include "elements.glsl"

void main() {
  if (is_no_block()) return;
  const Piece piece = piece_of(launch.args.width);
  const int used = int(launch.args.used), first = piece.row * used;
  Floats y = from(launch.args.y, piece.row * launch.args.width);
  for (int column = piece.begin; column < piece.end; column += element_threads) {
    float added = 0.0;
    for (int i = first; i < first + used; ++i) {
      Floats row = from(launch.args.outputs, launch.args.pairs.at[i] * launch.args.width);
      added = fused(launch.args.weights.at[i], row.at[column], added);
    }
    y.at[column] = added;
  }
}
