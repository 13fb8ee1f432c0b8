// x *= function(gate): Gate of kernels/gpu/elementwise.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"

layout(constant_id = 3) const uint function = 0;
const uint itself = 0, sigmoid = 1;

struct Arguments {
  Floats x;
  Floats gate;
  int64_t rows;
  int64_t width;
  int64_t gate_width;
};
#include "launch.glsl"
#include "elements.glsl"

float function_of(float gate) {
  if (function == itself) return gate;
  return function == sigmoid ? sigmoid_of(gate) : softplus_of(gate);
}

void main() {
  if (!begins()) return;
  const int neighbours = int(args.width) / int(args.gate_width);
  const Piece piece = piece_of(args.width);
  Floats x = from(args.x, piece.row * args.width);
  Floats gate = from(args.gate, piece.row * args.gate_width);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    x.at[i] = product(x.at[i], function_of(gate.at[i / neighbours]));
  }
}
