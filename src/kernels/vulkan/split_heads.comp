// SplitHeads and MergeHeads of kernels/gpu/kv.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

layout(constant_id = 3) const uint function = 0;
const uint split_stored = 0, split_query = 1, merge = 2;

struct Arguments {
  Floats x;
  Floats y;
  int64_t heads;
  int64_t head_dim;
  int64_t first;
  int64_t size;
};
#include "launch.glsl"
#include "elements.glsl"

const float split_scale = 2048.0;

void split(const Piece piece) {
  const int size = int(args.size);
  const int64_t begin = piece.row * args.head_dim + args.first;
  Floats x = from(args.x, begin);
  Floats y = from(args.y, 2l * begin);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    const float value = x.at[i], kept = f32_of_f16(f16_of_f32(value));
    const bool is_stored = function == split_stored;
    y.at[i] = is_stored ? kept : value;
    y.at[size + i] = is_stored ? product(difference(value, kept), split_scale) : quotient(value, split_scale);
  }
}

void main() {
  if (!begins()) return;
  if (function != merge) {
    split(piece_of(args.size));
    return;
  }
  const Piece piece = piece_of(args.head_dim);
  const int head_dim = int(args.head_dim);
  Floats x = from(args.x, 2l * piece.row * head_dim);
  Floats y = from(args.y, int64_t(piece.row) * head_dim);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    y.at[i] = sum(x.at[i], quotient(x.at[head_dim + i], split_scale));
  }
}
