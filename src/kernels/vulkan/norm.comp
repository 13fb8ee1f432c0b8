// RmsNorm and LayerNorm of kernels/gpu/rows.h. A block is four rows, or one row that is wide.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"

layout(constant_id = 3) const int block_rows = 4;
layout(constant_id = 4) const bool of_layers = false;

struct Arguments {
  Floats x;
  Floats weight;
  Floats bias;
  Floats y;
  int64_t rows;
  int64_t width;
  int64_t weight_rows;
  float epsilon;
};
#include "launch.glsl"
#include "strided_sum.glsl"

const int threads = 128;
layout(local_size_x = threads) in;

// The sum of the row's values, or of the squares of what they are above `mean`. All threads of the block come here.
float sum_of_row(Floats x, int width, int row, int index, bool is_there, float mean, bool of_squares) {
  if (index < partial_sums) {
    float partial = 0.0;
    for (int i = index; is_there && i < width; i += partial_sums) {
      const float centred = of_layers ? difference(x.at[i], mean) : x.at[i];
      partial = of_squares ? fused(centred, centred, partial) : sum(partial, x.at[i]);
    }
    partials[row][index] = partial;
  }
  barrier();
  const float result = tree_sum(row);
  barrier();
  return result;
}

void main() {
  if (!begins()) return;
  const int row_threads = threads / block_rows;
  const int own = thread_index() / row_threads, index = thread_index() % row_threads;
  const int64_t row = int64_t(block_index()) * block_rows + own;
  const bool is_there = row < args.rows;
  const int width = int(args.width);
  const float n = float(width), epsilon = args.epsilon;
  Floats x = from(args.x, row * width);
  float mean = 0.0;
  if (of_layers) mean = quotient(sum_of_row(x, width, own, index, is_there, 0.0, false), n);
  const float factor = norm_factor(sum_of_row(x, width, own, index, is_there, mean, true), n, epsilon);
  if (!is_there) return;
  const int64_t weight_row = row % args.weight_rows * width;
  Floats weight = from(args.weight, weight_row);
  Floats bias = from(args.bias, weight_row);
  Floats y = from(args.y, row * width);
  const bool has_bias = !is_null(uint64_t(args.bias));
  for (int i = index; i < width; i += row_threads) {
    const float centred = of_layers ? difference(x.at[i], mean) : x.at[i];
    const float normed = product(centred, factor);
    y.at[i] = of_layers && has_bias ? fused(normed, weight.at[i], bias.at[i]) : product(normed, weight.at[i]);
  }
}
