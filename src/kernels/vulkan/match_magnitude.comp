// MatchMagnitude of kernels/gpu/streams.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

struct Arguments {
  Floats y;
  Floats x;
  int64_t rows;
  int64_t width;
  float least;
};
#include "launch.glsl"
#include "strided_sum.glsl"
#include "tasks.glsl"

// Of a row's elements. All threads of the block come here.
float mean_square(Floats values, int width, bool is_there) {
  if (task_lane() < partial_sums) {
    float partial = 0.0;
    for (int i = task_lane(); is_there && i < width; i += partial_sums) {
      partial = fused(values.at[i], values.at[i], partial);
    }
    partials[task_of_block()][task_lane()] = partial;
  }
  barrier();
  const float result = quotient(tree_sum(task_of_block()), float(width));
  barrier();
  return result;
}

void main() {
  if (!begins()) return;
  const int width = int(args.width);
  const bool is_there = task_index() < args.rows;
  Floats x = from(args.x, task_index() * width);
  Floats y = from(args.y, task_index() * width);
  const float wanted = mean_square(x, width, is_there), found = mean_square(y, width, is_there);
  if (!is_there) return;
  const float factor = quotient(root(wanted), root(found < args.least ? args.least : found));
  for (int i = task_lane(); i < width; i += task_threads) y.at[i] = product(y.at[i], factor);
}
