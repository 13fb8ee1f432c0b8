// Convolve of kernels/gpu/recurrent.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"
#include "convolved.glsl"
#include "elements.glsl"

void main() {
  if (!begins()) return;
  const Piece piece = piece_of(args.channels);
  const int run = args.run_of.at[piece.row];
  if (run < 0) return;
  const int64_t taps = args.taps, channels = args.channels;
  const int64_t first = piece.row - args.state.runs.at[run].row_begin - (taps - 1l);
  const bool has_bias = !is_null(uint64_t(args.bias)), silu = args.silu != uint8_t(0);
  Floats result = from(args.y, piece.row * channels);
  for (int c = piece.begin; c < piece.end; c += element_threads) {
    float y = 0.0;
    if (has_bias) y = args.bias.at[c];
    for (int64_t t = 0l; t < taps; ++t) {
      y = fused(from(args.weight, t * channels).at[c], convolved_at(run, first + t, c), y);
    }
    result.at[c] = silu ? silu_of(y) : y;
  }
}
