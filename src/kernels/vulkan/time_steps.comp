// TimeSteps of kernels/gpu/rows.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"

struct Arguments {
  Floats x;
  Floats bias;
  Floats rates;
  Floats decays;
  int64_t rows;
  int64_t width;
};
#include "launch.glsl"
#include "elements.glsl"

void main() {
  if (!begins()) return;
  const Piece piece = piece_of(args.width);
  Floats x = from(args.x, piece.row * args.width);
  Floats decays = from(args.decays, piece.row * args.width);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    const float step = softplus_of(sum(x.at[i], args.bias.at[i]));
    x.at[i] = step;
    decays.at[i] = exp_of(product(args.rates.at[i], step));
  }
}
