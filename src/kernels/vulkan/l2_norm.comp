// L2Norm of kernels/gpu/rows.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"

struct Arguments {
  Floats x;
  int64_t rows;
  int64_t width;
  float epsilon;
};
#include "launch.glsl"
#include "strided_sum.glsl"
#include "tasks.glsl"

void main() {
  if (!begins()) return;
  const int width = int(args.width);
  const bool is_there = task_index() < args.rows;
  Floats x = from(args.x, task_index() * width);
  if (task_lane() < partial_sums) {
    float partial = 0.0;
    for (int i = task_lane(); is_there && i < width; i += partial_sums) partial = fused(x.at[i], x.at[i], partial);
    partials[task_of_block()][task_lane()] = partial;
  }
  barrier();
  if (!is_there) return;
  const float factor = norm_factor(tree_sum(task_of_block()), 1.0, args.epsilon);
  for (int i = task_lane(); i < width; i += task_threads) x.at[i] = product(x.at[i], factor);
}
