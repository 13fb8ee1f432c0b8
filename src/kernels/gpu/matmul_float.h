// Matmuls of weights in F32, F16 and BF16: a chain of fused operations an output, over inputs in ascending order.
#pragma once

#include "kernels/gpu/matmul.h"
#include "kernels/scalar/group_sum.h"

namespace quire::gpu {

// A block is a panel and eight rows. Its threads bring a slab of weights and inputs into shared memory, then each goes
// on with the chain of one output and row.
template <ElementType type>
struct MatmulFloat {
  using Args = MatmulArgs;
  static constexpr int tile_rows = 8;
  static constexpr int outputs = panel_outputs;
  static constexpr int threads = tile_rows * outputs;
  static constexpr int slab_inputs = 64;
  struct Shared {
    float weights[slab_inputs][outputs];
    float x[tile_rows][slab_inputs];
  };
  static Grid grid(const Args& args) { return matmul_grid(args, 1, tile_rows); }

  static void load_slab(const Args& args, const MatrixRows& rows, const uint8_t* panel, int64_t begin, int count,
                        Shared& shared) {
    for (int i = thread_index(); i < count * outputs; i += threads) {
      shared.weights[i / outputs][i % outputs] = scalar::load_weight(type, panel, begin + i / outputs, i % outputs);
    }
    for (int i = thread_index(); i < tile_rows * slab_inputs; i += threads) {
      const int row = i / slab_inputs, k = i % slab_inputs;
      if (row >= rows.end - rows.begin || k >= count) continue;
      shared.x[row][k] = values_of_row(args, rows, rows.begin + row)[begin + k];
    }
  }

  static void run(const Args& args, Shared& shared) {
    const MatmulTask task = matmul_task(args, 1, tile_rows);
    const uint8_t* const panel =
        panel_of(args, task.rows.matrix, task.first_panel, packed::panel_bytes(type, args.inputs));
    const int row = thread_index() / outputs, output = thread_index() % outputs;
    const bool has_row = row < task.rows.end - task.rows.begin;
    float acc = 0.0F;
    for (int64_t begin = 0; begin < args.inputs; begin += slab_inputs) {
      const int count = static_cast<int>(min_of(slab_inputs, args.inputs - begin));
      load_slab(args, task.rows, panel, begin, count, shared);
      barrier();
      if (has_row) {
        for (int k = 0; k < count; ++k) acc = std::fma(shared.weights[k][output], shared.x[row][k], acc);
      }
      barrier();
    }
    if (has_row) store_output(args, task.rows, task.rows.begin + row, task.first_panel * outputs + output, acc);
  }
};

}  // namespace quire::gpu
