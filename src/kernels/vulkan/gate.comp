// x *= function(gate): Gate of kernels/gpu/elementwise.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"

layout(constant_id = 3) const uint function = 0;
const uint itself = 0, sigmoid = 1;

layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Args {
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
  if (is_no_block()) return;
  const int neighbours = int(launch.args.width) / int(launch.args.gate_width);
  const Piece piece = piece_of(launch.args.width);
  Floats x = from(launch.args.x, piece.row * launch.args.width);
  Floats gate = from(launch.args.gate, piece.row * launch.args.gate_width);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    x.at[i] = product(x.at[i], function_of(gate.at[i / neighbours]));
  }
}
