// Quantize of kernels/gpu/quantize.h. A task a group: of its threads the first eight make a word of quants each.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "form.glsl"
#include "group_scale.glsl"

struct Arguments {
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
shared uint words[block_tasks][quant_group / 4];
shared int sums[block_tasks][quant_group / 4];

void main() {
  if (!begins()) return;
  const int groups = int(args.size) / quant_group, rows = int(args.rows);
  const bool is_there = task_index() < args.heads * rows * groups;
  const int own = task_of_block(), lane = task_lane(), task = int(task_index()), row = task / groups;
  if (is_there) {
    const int64_t begin = row / rows * args.x_head_stride + row % rows * args.x_stride;
    inputs[own][lane] = from(args.x, begin).at[task % groups * quant_group + lane];
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
    words[own][lane] = word;
  }
  barrier();
  if (!is_there || lane != 0) return;
  const int first = sums[own][0] + sums[own][1] + sums[own][2] + sums[own][3];
  const int all = first + sums[own][4] + sums[own][5] + sums[own][6] + sums[own][7];
  QuantizedGroup group;
  group.first_quants = uvec4(words[own][0], words[own][1], words[own][2], words[own][3]);
  group.last_quants = uvec4(words[own][4], words[own][5], words[own][6], words[own][7]);
  group.terms =
      uvec4(floatBitsToUint(scale.scale), uint(-first), uint(-all), floatBitsToUint(product(scale.scale, float(all))));
  args.form.at[task] = group;
}
