// Quantize of kernels/gpu/quantize.h. A task a group: of its threads the first eight make a word of quants each.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "form.glsl"
#include "group_scale.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Args {
  Floats x;
  Form form;
  int64_t rows;
  int64_t heads;
  int64_t size;
  int64_t x_stride;
  int64_t x_head_stride;
};
#include "launch.glsl"
#include "tasks.glsl"

shared float inputs[block_tasks][quant_group];
shared int sums[block_tasks][quant_group / 4];

void main() {
  if (is_no_block()) return;
  const int groups = int(launch.args.size) / quant_group, rows = int(launch.args.rows);
  const bool is_there = task_index() < launch.args.heads * rows * groups;
  const int own = task_of_block(), lane = task_lane(), task = int(task_index()), row = task / groups;
  if (is_there) {
    const int64_t begin = row / rows * launch.args.x_head_stride + row % rows * launch.args.x_stride;
    inputs[own][lane] = from(launch.args.x, begin).at[task % groups * quant_group + lane];
  }
  barrier();
  const bool makes_word = is_there && lane < quant_group / 4;
  GroupScale scale = GroupScale(0.0, 0.0);
  if (makes_word) {
    uint magnitude = 0u;
    for (int i = 0; i < quant_group; ++i) magnitude = max(magnitude, magnitude_bits(inputs[own][i]));
    scale = group_scale(magnitude);
    uint word = 0u;
    int sum_of_word = 0;
    for (int i = 0; i < 4; ++i) {
      const int quant = scale.inverse == 0.0 ? 0 : rounded_to_int(product(inputs[own][4 * lane + i], scale.inverse));
      word |= uint(quant & 255) << 8 * i;
      sum_of_word += quant;
    }
    sums[own][lane] = sum_of_word;
    launch.args.form.at[task].quants[lane] = word;
  }
  barrier();
  if (!is_there || lane != 0) return;
  const int first = sums[own][0] + sums[own][1] + sums[own][2] + sums[own][3];
  const int all = first + sums[own][4] + sums[own][5] + sums[own][6] + sums[own][7];
  launch.args.form.at[task].scale = scale.scale;
  launch.args.form.at[task].minus_first = -first;
  launch.args.form.at[task].minus_sum = -all;
  launch.args.form.at[task].scaled_sum = product(scale.scale, float(all));
}
