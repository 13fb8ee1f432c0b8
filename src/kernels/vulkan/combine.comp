// y = function(y, x): Combine of kernels/gpu/elementwise.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"

layout(constant_id = 3) const uint function = 0;
const uint add = 0, multiply = 1, silu_multiply = 2, gelu_multiply = 3, gelu_erf_multiply = 4;

struct Arguments {
  Floats y;
  Floats x;
  int64_t rows;
  int64_t width;
  int64_t x_stride;
};
#include "launch.glsl"
#include "elements.glsl"

float function_of(float y, float x) {
  switch (function) {
    case add:
      return sum(y, x);
    case multiply:
      return product(y, x);
    case silu_multiply:
      return product(silu_of(y), x);
    case gelu_multiply:
      return product(gelu_of(y), x);
    case gelu_erf_multiply:
      return product(gelu_erf_of(y), x);
    default:
      return clamped_swiglu_of(y, x);
  }
}

void main() {
  if (!begins()) return;
  const Piece piece = piece_of(args.width);
  Floats y = from(args.y, piece.row * args.width);
  Floats x = from(args.x, piece.row * args.x_stride);
  for (int i = piece.begin; i < piece.end; i += element_threads) y.at[i] = function_of(y.at[i], x.at[i]);
}
