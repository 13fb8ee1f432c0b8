// Matmuls of quantized weights and few rows, whose time is that of reading the weights.
#pragma once

#include <type_traits>

#include "kernels/gpu/matmul_quantized.h"

namespace quire::gpu {

// A block is a panel and rows_max rows. Pieces of the panel, and of the rows' forms, are copied into shared memory some
// pieces ahead; eight warps make the integer sums of a piece; and further warps add up those of the piece before, an
// output of a row a lane, in the groups' order. Of a single row a warp sums two or four groups of a piece, 16 outputs
// each, by dot products; of more it sums one group on a tensor core, which takes eight rows.
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
  static constexpr int step_groups = packed::step_groups(Own::value.scales);
  static constexpr int step_bytes = packed::step_bytes(Own::value);
  static constexpr bool has_minima = Own::minima_of != scalar::Minima::none;
  static constexpr bool has_minima_sums = Own::minima_of == scalar::Minima::of_halves;

  static constexpr int64_t room = 48 * 1024;  // that a block's shared memory has
  static constexpr int64_t piece_room(int groups) {
    return groups / step_groups * step_bytes + int64_t{rows_max} * groups * quantized_group_bytes;
  }
  static constexpr int64_t sums_room(int groups) {
    constexpr int64_t values = 1 + has_minima + rows_max + (has_minima_sums ? rows_max : 0);
    return groups * values * lanes * static_cast<int64_t>(sizeof(float));
  }
  static constexpr int64_t other_room = rows_max * sizeof(void*) + 64;
  // So many that one is added up, one is summed, and at least one on its way.
  static constexpr bool fits(int groups) { return 3 * piece_room(groups) + 2 * sums_room(groups) + other_room <= room; }
  // The larger a piece, the fewer instructions that are there for each.
  static constexpr int sum_groups = dots ? 2 : 1;  // of a warp at a time
  static constexpr int piece_groups = (dots && fits(4 * summing_warps) ? 4 : sum_groups) * summing_warps;
  static_assert(fits(piece_groups) && piece_groups % step_groups == 0, "whole steps that have room");
  static constexpr int piece_bytes = piece_groups / step_groups * step_bytes;

  struct Piece {
    alignas(16) uint8_t weights[piece_bytes];
    QuantizedGroup x[rows_max][piece_groups];
  };
  // Of two types, so that neither takes room.
  template <int>
  struct Nothing {};
  struct Minima {
    float minima[piece_groups][lanes];
  };
  struct MinimaSums {
    float minima_sums[piece_groups][rows_max][lanes];
  };
  struct Sums : std::conditional_t<has_minima, Minima, Nothing<0>>,
                std::conditional_t<has_minima_sums, MinimaSums, Nothing<1>> {
    float scales[piece_groups][lanes];
    float sums[piece_groups][rows_max][lanes];
  };
  static constexpr int slots = min_of(6, (room - other_room - 2 * sizeof(Sums)) / sizeof(Piece));
  static constexpr int pieces_ahead = slots - 2;
  static_assert(pieces_ahead > 0, "a piece is on its way while another is summed");
  struct Shared {
    Piece pieces[slots];
    Sums sums[2];
    const QuantizedGroup* forms[rows_max];  // of the rows that are there
  };
  static Grid grid(const Args& args) { return matmul_grid(args, 1, rows_max); }

  // What a block reads.
  struct Source {
    const uint8_t* panel;
    int rows;
    int groups;

    int groups_of_piece(int piece) const {
      const int left = groups - piece * piece_groups;
      return left < piece_groups ? (left > 0 ? left : 0) : piece_groups;
    }
  };

  static Source source_of(const Args& args, const MatmulTask& task) {
    return {.panel = panel_of(args, task.rows.matrix, task.first_panel, Own::panel_bytes(args.inputs)),
            .rows = task.rows.end - task.rows.begin,
            .groups = static_cast<int>(args.inputs / quant_group)};
  }

  // Begins to copy a piece, if there is one; its batch ends in any case.
  static void copy_piece(const Source& source, int piece, Shared& shared) {
    constexpr int copied = 16, group_copies = quantized_group_bytes / copied, row_copies = piece_groups * group_copies;
    const int count = source.groups_of_piece(piece);
    Piece& to = shared.pieces[piece % slots];
    const uint8_t* const weights = source.panel + int64_t{piece} * piece_bytes;
    const int weight_bytes = (count + step_groups - 1) / step_groups * step_bytes;
    for (int at = copied * thread_index(); at < weight_bytes; at += copied * threads) {
      copy_async(to.weights + at, weights + at);
    }
    for (int i = thread_index(); i < source.rows * row_copies; i += threads) {
      const int row = i / row_copies, at = i % row_copies;
      if (at >= count * group_copies) continue;
      const QuantizedGroup* const x = shared.forms[row] + int64_t{piece} * piece_groups;
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

  // The half warp's groups of a piece.
  static void sum_by_dots(const Piece& piece, int count, Sums& to) {
    QUIRE_GPU_UNROLL
    for (int i = 0; i < piece_groups; i += sum_groups * summing_warps) {
      const int index = i + thread_index() / lanes;
      if (index < count) sum_group_by_dots(piece, index, thread_index() % lanes, to);
    }
  }
  static void sum_group_by_dots(const Piece& piece, int index, int output, Sums& to) {
    const GroupPlace place = group_place<Own::value>(piece.weights, index);
    const scalar::OutputScales scales = scalar::unpack_scales(Own::value.scales, place.step, place.index, output);
    const QuantizedGroup& x = piece.x[0][index];
    const auto* const quants = reinterpret_cast<const uint32_t*>(x.quants);
    int32_t first = Own::first_begin(x.terms), second = Own::second_begin(x.terms);
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
      weights.multiply(piece.x[8 * tile + lane.output][index], lane, first, second);
      QUIRE_GPU_UNROLL
      for (int i = 0; i < 4; ++i) {
        store_sum(weights.scales[i / 2], terms[i % 2], first[i], second[i], index, row + i % 2, lane.output + i / 2 * 8,
                  to);
      }
    }
  }

  static float add_groups(const QuantizedGroup* x, const Sums& from, int count, int row, int output, float acc) {
    for (int i = 0; i < count; ++i) {
      float minimum = 0.0F, minima_sum = 0.0F;
      if constexpr (has_minima) minimum = from.minima[i][output];
      if constexpr (has_minima_sums) minima_sum = from.minima_sums[i][row][output];
      acc = scalar::add_group(Own::minima_of, from.sums[i][row][output], from.scales[i][output], minimum, minima_sum,
                              x[i].terms, acc);
    }
    return acc;
  }

  static void run(const Args& args, Shared& shared) {
    const MatmulTask task = matmul_task(args, 1, rows_max);
    if (task.rows.begin >= task.rows.end) return;
    const Source source = source_of(args, task);
    const int pieces = (source.groups + piece_groups - 1) / piece_groups;
    const bool sums = warp_index() < summing_warps;
    const int adder = thread_index() - summing_warps * warp_size, row = adder / lanes, output = adder % lanes;
    const bool adds = adder >= 0 && row < source.rows;
    float acc = 0.0F;
    if (thread_index() < source.rows) {
      shared.forms[thread_index()] = form_of_row(args, task.rows, task.rows.begin + thread_index());
    }
    barrier();
    for (int piece = 0; piece < pieces_ahead; ++piece) copy_piece(source, piece, shared);
    for (int piece = 0; piece <= pieces; ++piece) {
      wait_for_copies<pieces_ahead - 1>();
      barrier();  // the piece is there, and the sums of the one before
      copy_piece(source, piece + pieces_ahead, shared);
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
