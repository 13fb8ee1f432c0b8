// Matmuls of quantized weights: MatmulStream of one row and MatmulFew of eight (kernels/gpu). A block is a panel and up
// to eight rows. Sixteen threads, an output each, make the integer sums of a group, eight groups at a time, for all
// rows; then a thread an output and row adds them up in the groups' order.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "form.glsl"
#include "matmul.glsl"
#include "packed.glsl"

layout(constant_id = 3) const int tile_rows = 1;

const int slab_groups = 8;
const int threads = slab_groups * panel_outputs;
layout(local_size_x = threads) in;

shared float scales[slab_groups][panel_outputs];
shared float minima[slab_groups][panel_outputs];
shared float sums[slab_groups][tile_rows][panel_outputs];
shared float minima_sums[slab_groups][has_minima_of_halves ? tile_rows : 1][panel_outputs];

int dot_bytes(uint a, uint b, int acc) {
  [[unroll]] for (int i = 0; i < 32; i += 8) acc += bitfieldExtract(int(a), i, 8) * bitfieldExtract(int(b), i, 8);
  return acc;
}

Form group_at(int64_t index) { return Form(uint64_t(args.form) + uint64_t(index * group_bytes_of_form)); }

// Of the output's products with a row's group.
void sum_row(const uvec2 words[4], const OutputScales own, int64_t at, int index, int row, int lane) {
  const QuantizedGroup x = group_at(at).at[0];
  const int minus_first = minus_first_of(x.terms), minus_last = minus_sum_of(x.terms) - minus_first;
  int first = word_offset * minus_first, second = word_offset * minus_last;
  [[unroll]] for (int j = 0; j < 4; ++j) {
    first = dot_bytes(words[j].x, x.first_quants[j], first);
    second = dot_bytes(words[j].y, x.last_quants[j], second);
  }
  sums[index][row][lane] = has_halves ? fused(float(second), own.sub_scales.y, product(float(first), own.sub_scales.x))
                                      : float(first + second);
  if (has_minima_of_halves) {
    minima_sums[index][row][lane] = fused(float(minus_last), own.minima.y, product(float(minus_first), own.minima.x));
  }
}

void sum_group(const MatrixRows rows, uint64_t panel, int group, int index, int lane) {
  const GroupPlace place = group_place(panel, group);
  uvec2 words[4];
  [[unroll]] for (int j = 0; j < 4; ++j) words[j] = group_words(place.quants, lane, j);
  const OutputScales own = unpack_scales(place, lane);
  scales[index][lane] = own.scale;
  minima[index][lane] = has_minima_of_halves ? own.minima_scale : own.minima.x;
  for (int row = 0; row < rows.end - rows.begin; ++row) {
    sum_row(words, own, form_row(rows, rows.begin + row) + group, index, row, lane);
  }
}

float add_groups(int64_t row_at, int begin, int count, int row, int lane, float acc) {
  for (int i = 0; i < count; ++i) {
    const uvec4 terms = group_at(row_at + begin + i).at[0].terms;
    const float x_scale = scale_of(terms);
    acc = fused(sums[i][row][lane], product(scales[i][lane], x_scale), acc);
    if (has_minima_of_groups) acc = fused(minima[i][lane], scaled_sum_of(terms), acc);
    if (has_minima_of_halves) acc = fused(minima_sums[i][row][lane], product(minima[i][lane], x_scale), acc);
  }
  return acc;
}

void main() {
  if (!begins()) return;
  const MatmulTask task = matmul_task(tile_rows);
  if (task.rows.begin >= task.rows.end) return;
  const int groups = int(args.inputs) / quant_group;
  const uint64_t panel = panel_address(task, packed_panel_bytes(args.inputs));
  const int index = thread_index() / panel_outputs, lane = thread_index() % panel_outputs;
  const bool adds = index < task.rows.end - task.rows.begin;
  const int64_t row_at = adds ? form_row(task.rows, task.rows.begin + index) : 0l;
  float acc = 0.0;
  for (int begin = 0; begin < groups; begin += slab_groups) {
    const int count = min(slab_groups, groups - begin);
    if (index < count) sum_group(task.rows, panel, begin + index, index, lane);
    barrier();
    if (adds) acc = add_groups(row_at, begin, count, index, lane, acc);
    barrier();
  }
  if (adds) store_output(task, task.rows.begin + index, lane, acc);
}
