// TimeSteps of kernels/gpu/rows.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Args {
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
  if (is_no_block()) return;
  const Piece piece = piece_of(launch.args.width);
  Floats x = from(launch.args.x, piece.row * launch.args.width);
  Floats decays = from(launch.args.decays, piece.row * launch.args.width);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    const float step = softplus_of(sum(x.at[i], launch.args.bias.at[i]));
    x.at[i] = step;
    decays.at[i] = exp_of(product(launch.args.rates.at[i], step));
  }
}
