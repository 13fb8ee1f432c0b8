// SplitHeads and MergeHeads of kernels/gpu/kv.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

layout(constant_id = 3) const uint function = 0;
const uint split_stored = 0, split_query = 1, merge = 2;

layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Args {
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
  const int size = int(launch.args.size);
  const int64_t begin = piece.row * launch.args.head_dim + launch.args.first;
  Floats x = from(launch.args.x, begin);
  Floats y = from(launch.args.y, 2l * begin);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    const float value = x.at[i], kept = f32_of_f16(f16_of_f32(value));
    const bool is_stored = function == split_stored;
    y.at[i] = is_stored ? kept : value;
    y.at[size + i] = is_stored ? product(difference(value, kept), split_scale) : quotient(value, split_scale);
  }
}

void main() {
  if (is_no_block()) return;
  if (function != merge) {
    split(piece_of(launch.args.size));
    return;
  }
  const Piece piece = piece_of(launch.args.head_dim);
  const int head_dim = int(launch.args.head_dim);
  Floats x = from(launch.args.x, 2l * piece.row * head_dim);
  Floats y = from(launch.args.y, int64_t(piece.row) * head_dim);
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    y.at[i] = sum(x.at[i], quotient(x.at[head_dim + i], split_scale));
  }
}
