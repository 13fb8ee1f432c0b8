// Rope of kernels/gpu/rows.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

struct Arguments {
  Floats x;
  Floats cosines;
  Floats sines;
  int64_t rows;
  int64_t heads;
  int64_t head_dim;
  int64_t rotary;
  uint8_t halves;
};
#include "launch.glsl"
#include "elements.glsl"

void main() {
  if (!begins()) return;
  const int pairs = int(args.rotary) / 2, heads = int(args.heads), head_dim = int(args.head_dim);
  const bool halves = args.halves != uint8_t(0);
  const Piece piece = piece_of(heads * pairs);
  Floats row = from(args.x, int64_t(piece.row) * heads * head_dim);
  Floats cosines = from(args.cosines, int64_t(piece.row) * pairs);
  Floats sines = from(args.sines, int64_t(piece.row) * pairs);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    const int d = i % pairs, head = i / pairs * head_dim;
    const int first = head + (halves ? d : 2 * d), second = head + (halves ? d + pairs : 2 * d + 1);
    const float a = row.at[first], b = row.at[second];
    row.at[first] = fused(a, cosines.at[d], -product(b, sines.at[d]));
    row.at[second] = fused(b, cosines.at[d], product(a, sines.at[d]));
  }
}
