// Matmuls of quantized weights and many rows, on tensor cores.
#pragma once

#include "kernels/gpu/matmul_quantized.h"

namespace quire::gpu {

// A block is four panels and 8 * tiles rows, a warp a panel and all rows. The rows' forms are copied into shared memory
// two pieces ahead of the one that is multiplied; a warp reads its panel a group ahead.
template <ElementType type, int tiles>
struct MatmulMany {
  using Args = MatmulArgs;
  using Own = LayoutOf<type>;
  static constexpr int threads = 128;
  static constexpr int tile_rows = 8 * tiles;
  static constexpr int panels = threads / warp_size;
  static constexpr int piece_groups = 4;
  static constexpr int slots = 3;
  static constexpr int copied = 16;
  // With a copy's width more, so that eight rows' words of one group lie in different banks.
  struct Row {
    alignas(16) QuantizedGroup groups[piece_groups];
    uint8_t unused[copied];
  };
  struct Shared {
    Row rows[slots][tile_rows];
  };
  static Grid grid(const Args& args) { return matmul_grid(args, panels, tile_rows); }

  // What this thread copies of each piece: of a row each so manieth part.
  struct Copier {
    static constexpr int row_threads = threads / tile_rows;
    static_assert(row_threads > 0 && threads % tile_rows == 0, "a thread has parts of one row");
    int row = thread_index() / row_threads;
    int first = thread_index() % row_threads;
    const QuantizedGroup* form;  // of the row; null: it is not there

    Copier(const Args& args, const MatrixRows& rows)
        : form(row < rows.end - rows.begin ? form_of_row(args, rows, rows.begin + row) : nullptr) {}

    // Begins to copy a piece, if there is one; its batch ends in any case.
    void copy(int64_t piece, int64_t groups, Shared& shared) const {
      const int64_t count = min_of(piece_groups, groups - piece * piece_groups);
      const auto parts = static_cast<int>(max_of(0, count) * (quantized_group_bytes / copied));
      if (form != nullptr) {
        auto* const to = reinterpret_cast<uint8_t*>(shared.rows[piece % slots][row].groups);
        const auto* const from = reinterpret_cast<const uint8_t*>(form + piece * piece_groups);
        for (int i = first; i < parts; i += row_threads) copy_async(to + copied * i, from + copied * i);
      }
      close_copies();
    }
  };

  static void add_tile(const TileWeights<type>& weights, const QuantizedGroup& x, const GroupTerms (&terms)[2],
                       const TileLane& lane, float (&acc)[4]) {
    int32_t first[4], second[4];
    weights.multiply(x, lane, first, second);
    QUIRE_GPU_UNROLL
    for (int i = 0; i < 4; ++i) {
      const scalar::OutputScales& scales = weights.scales[i / 2];
      acc[i] = scalar::add_group(Own::minima_of, Own::sum_of(scales, first[i], second[i]), scales.scale,
                                 Own::minimum(scales), scalar::minima_sum(scales, terms[i % 2]), terms[i % 2], acc[i]);
    }
  }

  // Of a group of the panel and all rows; of rows that are not there, numbers that nobody reads.
  static void add_rows(const TileWeights<type>& weights, const Row (&x)[tile_rows], int group, int rows,
                       const TileLane& lane, float (&acc)[tiles][4]) {
    QUIRE_GPU_UNROLL
    for (int t = 0; t < tiles; ++t) {
      if (8 * t >= rows) continue;
      const int row = 8 * t + lane.column;
      const GroupTerms terms[2] = {x[row].groups[group].terms, x[row + 1].groups[group].terms};
      add_tile(weights, x[8 * t + lane.output].groups[group], terms, lane, acc[t]);
    }
  }

  static void run(const Args& args, Shared& shared) {
    const MatmulTask task = matmul_task(args, panels, tile_rows);
    const int rows = task.rows.end - task.rows.begin;
    if (rows <= 0) return;
    const Copier copier(args, task.rows);
    const int64_t groups = args.inputs / quant_group, pieces = ceil_div(groups, piece_groups);
    const int64_t panel_index = task.first_panel + warp_index();
    const bool has_panel = panel_index * lanes < args.outputs;
    const uint8_t* const panel =
        panel_of(args, task.rows.matrix, has_panel ? panel_index : task.first_panel, Own::panel_bytes(args.inputs));
    const TileLane lane;
    float acc[tiles][4] = {};
    for (int64_t piece = 0; piece < slots - 1; ++piece) copier.copy(piece, groups, shared);
    TileWeights<type> next(group_place<Own::value>(panel, 0), lane);
    for (int64_t piece = 0; piece < pieces; ++piece) {
      wait_for_copies<slots - 2>();
      barrier();  // the piece is there, and the one before has been read
      copier.copy(piece + slots - 1, groups, shared);
      const int64_t begin = piece * piece_groups;
      for (int64_t group = begin; group < min_of(groups, begin + piece_groups); ++group) {
        const TileWeights<type> weights = next;
        next = TileWeights<type>(group_place<Own::value>(panel, min_of(group + 1, groups - 1)), lane);
        if (has_panel) add_rows(weights, shared.rows[piece % slots], static_cast<int>(group - begin), rows, lane, acc);
      }
    }
    if (has_panel) store(args, task.rows, panel_index, lane, acc);
  }

  static void store(const Args& args, const MatrixRows& rows, int64_t panel_index, const TileLane& lane,
                    const float (&acc)[tiles][4]) {
    QUIRE_GPU_UNROLL
    for (int t = 0; t < tiles; ++t) {
      for (int i = 0; i < 4; ++i) {
        const int row = rows.begin + 8 * t + lane.column + i % 2;
        if (row >= rows.end) continue;
        store_output(args, rows, row, panel_index * lanes + lane.output + i / 2 * 8, acc[t][i]);
      }
    }
  }
};

}  // namespace quire::gpu
