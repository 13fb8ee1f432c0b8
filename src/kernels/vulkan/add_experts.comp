// AddExperts of kernels/gpu/experts.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

struct Arguments {
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
  if (!begins()) return;
  const Piece piece = piece_of(args.width);
  const int used = int(args.used), first = piece.row * used;
  Floats y = from(args.y, piece.row * args.width);
  for (int column = piece.begin; column < piece.end; column += element_threads) {
    float added = 0.0;
    for (int i = first; i < first + used; ++i) {
      Floats row = from(args.outputs, args.pairs.at[i] * args.width);
      added = fused(args.weights.at[i], row.at[column], added);
    }
    y.at[column] = added;
  }
}
