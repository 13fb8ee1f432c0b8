// x = function(x): Map of kernels/gpu/elementwise.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"

layout(constant_id = 3) const uint function = 0;
const uint gelu = 0, gelu_erf = 1, relu_squared = 2, sigmoid = 3, scale = 4, softcap = 5;

struct Arguments {
  Floats x;
  int64_t count;
  float operand;
};
#include "launch.glsl"
#include "elements.glsl"

float function_of(float x, float operand) {
  switch (function) {
    case gelu:
      return gelu_of(x);
    case gelu_erf:
      return gelu_erf_of(x);
    case relu_squared:
      return relu_squared_of(x);
    case sigmoid:
      return sigmoid_of(x);
    case scale:
      return product(x, operand);
    default:
      return softcap_of(x, operand, quotient(-2.0, operand));
  }
}

void main() {
  if (!begins()) return;
  Floats x = args.x;
  const float operand = args.operand;
  const Piece piece = piece_of(args.count);
  for (int i = piece.begin; i < piece.end; i += element_threads) x.at[i] = function_of(x.at[i], operand);
}
