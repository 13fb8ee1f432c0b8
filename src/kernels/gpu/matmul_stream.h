// Matmuls of quantized weights and few rows, whose time is that of reading the weights.
#pragma once

#include "kernels/gpu/matmul_quantized.h"

namespace quire::gpu {

// A block is a panel and rows_max rows. Pieces of the panel, and of the rows' forms, are copied into shared memory some
// pieces ahead; eight warps make the integer sums of a piece; and further warps add up those of the piece before, an
// output of a row a lane, in the groups' order. Of a single row a warp sums two groups, 16 outputs each, by dot
// products; of more it sums one group on a tensor core, which takes eight rows.
template <ElementType type, int rows_max>
struct MatmulStream {
  using Args = MatmulArgs;
  using Own = LayoutOf<type>;
  static constexpr int tile_rows = rows_max;
  static constexpr bool dots = rows_max == 1;
  static_assert(dots || rows_max % 8 == 0, "a tensor core takes eight rows");
  static constexpr int summing_warps = 8;
  static constexpr int adding_warps = dots ? 1 : rows_max * lanes / warp_size;
  static constexpr int threads = (summing_warps + adding_warps) * warp_size;
  static constexpr int piece_groups = (dots ? 2 : 1) * summing_warps;
  static constexpr int64_t step_groups = packed::step_groups(Own::value.scales);
  static constexpr int64_t piece_bytes = piece_groups / step_groups * packed::step_bytes(Own::value);
  static constexpr bool has_minima = Own::minima_of != scalar::Minima::none;
  static constexpr bool has_minima_sums = Own::minima_of == scalar::Minima::of_halves;

  struct Piece {
    alignas(16) uint8_t weights[piece_bytes];
    QuantizedGroup x[rows_max][piece_groups];
  };
  struct Sums {
    float scales[piece_groups][lanes];
    float minima[has_minima ? piece_groups : 1][lanes];
    float sums[piece_groups][rows_max][lanes];
    float minima_sums[has_minima_sums ? piece_groups : 1][has_minima_sums ? rows_max : 1][lanes];
  };
  // One that is added up, one that is summed, and those on their way.
  static constexpr int slots = min_of(6, (48 * 1024 - 2 * sizeof(Sums)) / sizeof(Piece));
  static constexpr int pieces_ahead = slots - 2;
  static_assert(pieces_ahead > 0, "a block's shared memory is 48 KiB");
  struct Shared {
    Piece pieces[slots];
    Sums sums[2];
  };
  static Grid grid(const Args& args) { return matmul_grid(args, 1, rows_max); }

  // What a block reads.
  struct Source {
    const uint8_t* panel;
    int rows;
    int64_t groups;

    int groups_of_piece(int64_t piece) const {
      return static_cast<int>(max_of(0, min_of(piece_groups, groups - piece * piece_groups)));
    }
  };

  static Source source_of(const Args& args, const MatmulTask& task) {
    return {.panel = panel_of(args, task.rows.matrix, task.first_panel, Own::panel_bytes(args.inputs)),
            .rows = task.rows.end - task.rows.begin,
            .groups = args.inputs / quant_group};
  }

  // Begins to copy a piece, if there is one; its batch ends in any case.
  static void copy_piece(const Args& args, const MatrixRows& rows, const Source& source, int64_t piece,
                         Shared& shared) {
    constexpr int copied = 16, group_copies = quantized_group_bytes / copied, row_copies = piece_groups * group_copies;
    const int count = source.groups_of_piece(piece);
    Piece& to = shared.pieces[piece % slots];
    const uint8_t* const weights = source.panel + piece * piece_bytes;
    const auto weight_bytes = static_cast<int>(ceil_div(count, step_groups) * packed::step_bytes(Own::value));
    for (int at = copied * thread_index(); at < weight_bytes; at += copied * threads) {
      copy_async(to.weights + at, weights + at);
    }
    for (int i = thread_index(); i < source.rows * row_copies; i += threads) {
      const int row = i / row_copies, at = i % row_copies;
      if (at >= count * group_copies) continue;
      const QuantizedGroup* const x = form_of_row(args, rows, rows.begin + row) + piece * piece_groups;
      copy_async(reinterpret_cast<uint8_t*>(to.x[row]) + copied * at,
                 reinterpret_cast<const uint8_t*>(x) + copied * at);
    }
    close_copies();
  }

  static void store_scales(const scalar::OutputScales& scales, int index, int output, Sums& to) {
    to.scales[index][output] = scales.scale;
    if constexpr (has_minima) to.minima[index][output] = Own::minimum(scales);
  }
  static void store_sum(const scalar::OutputScales& scales, const GroupTerms& terms, int32_t first, int32_t second,
                        int index, int row, int output, Sums& to) {
    to.sums[index][row][output] = Own::sum_of(scales, first, second);
    if constexpr (has_minima_sums) to.minima_sums[index][row][output] = scalar::minima_sum(scales, terms);
  }

  // The half warp's group of a piece.
  static void sum_by_dots(const Piece& piece, int count, Sums& to) {
    const int index = thread_index() / lanes, output = thread_index() % lanes;
    if (index >= count) return;
    const GroupPlace place = group_place<Own::value>(piece.weights, index);
    const scalar::OutputScales scales = scalar::unpack_scales(Own::value.scales, place.step, place.index, output);
    const QuantizedGroup& x = piece.x[0][index];
    const auto* const quants = reinterpret_cast<const uint32_t*>(x.quants);
    int32_t first = Own::first_offset(x.terms), second = Own::second_offset(x.terms);
    QUIRE_GPU_UNROLL
    for (int j = 0; j < 4; ++j) {
      const WordPair words = group_words<Own::quants>(place.quants, output, j);
      first = dot_bytes(words.first, quants[j], first);
      second = dot_bytes(words.second, quants[4 + j], second);
    }
    store_scales(scales, index, output, to);
    store_sum(scales, x.terms, first, second, index, 0, output, to);
  }

  // The warp's group of a piece. Of rows that are not there, numbers that nobody reads.
  static void sum_by_tiles(const Piece& piece, int count, Sums& to) {
    const int index = warp_index();
    if (index >= count) return;
    const TileLane lane;
    const GroupPlace place = group_place<Own::value>(piece.weights, index);
    const TileWeights<type> weights(place, lane);
    if (lane.word == 0) {
      store_scales(weights.scales[0], index, lane.output, to);
      store_scales(weights.scales[1], index, lane.output + 8, to);
    }
    for (int tile = 0; tile < rows_max / 8; ++tile) {
      const int row = 8 * tile + lane.column;
      const GroupTerms terms[2] = {piece.x[row][index].terms, piece.x[row + 1][index].terms};
      int32_t first[4], second[4];
      weights.multiply(piece.x[8 * tile + lane.output][index], terms, lane, first, second);
      QUIRE_GPU_UNROLL
      for (int i = 0; i < 4; ++i) {
        store_sum(weights.scales[i / 2], terms[i % 2], first[i], second[i], index, row + i % 2, lane.output + i / 2 * 8,
                  to);
      }
    }
  }

  static float add_groups(const QuantizedGroup* x, const Sums& from, int count, int row, int output, float acc) {
    for (int i = 0; i < count; ++i) {
      const float minimum = has_minima ? from.minima[has_minima ? i : 0][output] : 0.0F;
      const float minima_sum =
          has_minima_sums ? from.minima_sums[has_minima_sums ? i : 0][has_minima_sums ? row : 0][output] : 0.0F;
      acc = scalar::add_group(Own::minima_of, from.sums[i][row][output], from.scales[i][output], minimum, minima_sum,
                              x[i].terms, acc);
    }
    return acc;
  }

  static void run(const Args& args, Shared& shared) {
    const MatmulTask task = matmul_task(args, 1, rows_max);
    if (task.rows.begin >= task.rows.end) return;
    const Source source = source_of(args, task);
    const int64_t pieces = ceil_div(source.groups, piece_groups);
    const bool sums = warp_index() < summing_warps;
    const int adder = thread_index() - summing_warps * warp_size, row = adder / lanes, output = adder % lanes;
    const bool adds = adder >= 0 && row < source.rows;
    float acc = 0.0F;
    for (int64_t piece = 0; piece < pieces_ahead; ++piece) copy_piece(args, task.rows, source, piece, shared);
    for (int64_t piece = 0; piece <= pieces; ++piece) {
      wait_for_copies<pieces_ahead - 1>();
      barrier();  // the piece is there, and the sums of the one before
      copy_piece(args, task.rows, source, piece + pieces_ahead, shared);
      if (sums) {
        const int count = source.groups_of_piece(piece);
        dots ? sum_by_dots(shared.pieces[piece % slots], count, shared.sums[piece % 2])
             : sum_by_tiles(shared.pieces[piece % slots], count, shared.sums[piece % 2]);
      }
      if (adds && piece > 0) {
        acc = add_groups(shared.pieces[(piece - 1) % slots].x[row], shared.sums[(piece - 1) % 2],
                         source.groups_of_piece(piece - 1), row, output, acc);
      }
    }
    if (adds) store_output(args, task.rows, task.rows.begin + row, task.first_panel * lanes + output, acc);
  }
};

}  // namespace quire::gpu
