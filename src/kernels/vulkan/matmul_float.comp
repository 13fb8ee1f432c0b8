// MatmulFloat of kernels/gpu/matmul_float.h: a block is a panel and eight rows, a thread the chain of an output and
// row.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "form.glsl"
#include "matmul.glsl"

layout(constant_id = 3) const uint type = 0;
const uint f32 = 0, f16 = 1, bf16 = 2;

const int tile_rows = 8;
const int threads = tile_rows * panel_outputs;
const int slab_inputs = 64;
const int line_bytes = 64;
layout(local_size_x = threads) in;

shared float weights[slab_inputs][panel_outputs];
shared float inputs[tile_rows][slab_inputs];

// Bytes from one panel to the next (kernels/packed_layout.h).
int64_t panel_bytes() {
  const int64_t count = args.inputs;
  if (type == f32) return count * line_bytes;
  const int64_t bytes = type == f16 ? count * (line_bytes / 2) : (count + 1l) / 2l * line_bytes;
  return (bytes + line_bytes - 1l) / line_bytes * line_bytes;
}

// Weight k of an output of the panel.
float weight_at(uint64_t panel, int k, int lane) {
  if (type == f32) return Floats(panel).at[k * panel_outputs + lane];
  if (type == f16) return f32_of_f16(uint(Halves(panel).at[k * panel_outputs + lane]));
  return f32_of_bf16(uint(Halves(panel).at[k / 2 * (line_bytes / 2) + 2 * lane + k % 2]));
}

void load_slab(const MatrixRows rows, uint64_t panel, int begin, int count) {
  for (int i = thread_index(); i < count * panel_outputs; i += threads) {
    weights[i / panel_outputs][i % panel_outputs] = weight_at(panel, begin + i / panel_outputs, i % panel_outputs);
  }
  for (int i = thread_index(); i < tile_rows * slab_inputs; i += threads) {
    const int row = i / slab_inputs, k = i % slab_inputs;
    if (row >= rows.end - rows.begin || k >= count) continue;
    inputs[row][k] = values_of_row(rows, rows.begin + row).at[begin + k];
  }
}

void main() {
  if (!begins()) return;
  const MatmulTask task = matmul_task(tile_rows);
  if (task.rows.begin >= task.rows.end) return;
  const uint64_t panel = panel_address(task, panel_bytes());
  const int row = thread_index() / panel_outputs, lane = thread_index() % panel_outputs;
  const bool has_row = row < task.rows.end - task.rows.begin;
  const int all_inputs = int(args.inputs);
  float acc = 0.0;
  for (int begin = 0; begin < all_inputs; begin += slab_inputs) {
    const int count = min(slab_inputs, all_inputs - begin);
    load_slab(task.rows, panel, begin, count);
    barrier();
    if (has_row) {
      for (int k = 0; k < count; ++k) acc = fused(weights[k][lane], inputs[row][k], acc);
    }
    barrier();
  }
  if (has_row) store_output(task, task.rows.begin + row, lane, acc);
}
