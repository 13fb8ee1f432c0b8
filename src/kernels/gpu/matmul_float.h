// Matmuls of weights in F32, F16 and BF16: a chain of fused operations an output, over inputs in ascending order.
#pragma once

#include "kernels/gpu/matmul.h"
#include "kernels/scalar/group_sum.h"

namespace quire::gpu {

// Few rows: a block is a panel and eight rows. Its threads bring a slab of weights and inputs into shared memory, then
// each goes on with the chain of one output and row.
template <ElementType type>
struct MatmulFloatFew {
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

// Many rows: a block is four panels and 32 rows, a thread four outputs of four rows, whose chains go on side by side.
template <ElementType type>
struct MatmulFloatMany {
  using Args = MatmulArgs;
  static constexpr int tile_rows = 32;
  static constexpr int panels = 4;
  static constexpr int outputs = panels * panel_outputs;
  static constexpr int own = 4;  // outputs of a thread, and rows
  static constexpr int threads = outputs / own * (tile_rows / own);
  static constexpr int slab_inputs = 64;
  struct Shared {
    alignas(16) float weights[slab_inputs][outputs];
    // A thread reads four rows' values at once. Their number keeps inputs of a row, which are stored together, apart.
    alignas(16) float x[slab_inputs][tile_rows + own];
  };
  static Grid grid(const Args& args) { return matmul_grid(args, panels, tile_rows); }

  // The task's panels that the matrix has.
  static int panels_of(const Args& args, const MatmulTask& task) {
    return static_cast<int>(min_of(panels, ceil_div(args.outputs, panel_outputs) - task.first_panel));
  }

  static void load_slab(const Args& args, const MatmulTask& task, int64_t begin, int count, Shared& shared) {
    const int64_t panel_bytes = packed::panel_bytes(type, args.inputs);
    const uint8_t* panel = panel_of(args, task.rows.matrix, task.first_panel, panel_bytes);
    for (int p = 0; p < panels_of(args, task); ++p, panel += panel_bytes) {
      for (int i = thread_index(); i < count * panel_outputs; i += threads) {
        const int k = i / panel_outputs, output = i % panel_outputs;
        shared.weights[k][p * panel_outputs + output] = scalar::load_weight(type, panel, begin + k, output);
      }
    }
    for (int i = thread_index(); i < tile_rows * slab_inputs; i += threads) {
      const int row = i / slab_inputs, k = i % slab_inputs;
      if (row >= task.rows.end - task.rows.begin || k >= count) continue;
      shared.x[k][row] = values_of_row(args, task.rows, task.rows.begin + row)[begin + k];
    }
  }

  // Of outputs and rows that are not there, numbers that nobody reads.
  static void run(const Args& args, Shared& shared) {
    const MatmulTask task = matmul_task(args, panels, tile_rows);
    if (task.rows.begin >= task.rows.end) return;
    const int output = thread_index() % (outputs / own) * own, row = thread_index() / (outputs / own) * own;
    float acc[own][own] = {};  // (rows, outputs)
    for (int64_t begin = 0; begin < args.inputs; begin += slab_inputs) {
      const int count = static_cast<int>(min_of(slab_inputs, args.inputs - begin));
      load_slab(args, task, begin, count, shared);
      barrier();
      for (int k = 0; k < count; ++k) {
        QUIRE_GPU_UNROLL
        for (int i = 0; i < own * own; ++i) {
          acc[i / own][i % own] =
              std::fma(shared.weights[k][output + i % own], shared.x[k][row + i / own], acc[i / own][i % own]);
        }
      }
      barrier();
    }
    QUIRE_GPU_UNROLL
    for (int i = 0; i < own * own; ++i) {
      const int own_row = task.rows.begin + row + i / own;
      if (own_row >= task.rows.end) continue;
      store_output(args, task.rows, own_row, task.first_panel * panel_outputs + output + i % own,
                   acc[i / own][i % own]);
    }
  }
};

}  // namespace quire::gpu
