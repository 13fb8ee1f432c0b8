// KeepExcess of kernels/gpu/streams.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

struct Arguments {
  Floats x;
  int64_t rows;
  int64_t width;
  float deviations;
};
#include "launch.glsl"
#include "strided_sum.glsl"
#include "tasks.glsl"

// The mean of what a row's elements are above `centre`, or of its squares. All threads of the block come here.
float mean_of(Floats values, int width, bool is_there, float centre, bool of_squares) {
  if (task_lane() < partial_sums) {
    float partial = 0.0;
    for (int i = task_lane(); is_there && i < width; i += partial_sums) {
      const float excess = difference(values.at[i], centre);
      partial = of_squares ? fused(excess, excess, partial) : sum(partial, values.at[i]);
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
  const float mean = mean_of(x, width, is_there, 0.0, false);
  const float variance = mean_of(x, width, is_there, mean, true);
  if (!is_there) return;
  const float limit = sum(mean, product(args.deviations, root(variance)));
  for (int i = task_lane(); i < width; i += task_threads) x.at[i] = most(0.0, difference(x.at[i], limit));
}
