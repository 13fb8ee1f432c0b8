// Matmuls of quantized weights and single rows, whose time is that of reading the weights.
#pragma once

#include "kernels/gpu/matmul_quantized.h"

namespace quire::gpu {

// A block is a panel and a row. Pieces of the panel, and of the row's form, are copied into shared memory some pieces
// ahead; eight warps make the integer sums of a piece, two groups of 16 outputs a warp; and one more warp adds up those
// of the piece before, an output a lane, in the groups' order.
template <ElementType type>
struct MatmulRow {
  using Args = MatmulArgs;
  using Own = LayoutOf<type>;
  static constexpr int tile_rows = 1;
  static constexpr int summing_warps = 8;
  static constexpr int threads = (summing_warps + 1) * warp_size;
  static constexpr int piece_groups = 2 * summing_warps;
  static constexpr int64_t step_groups = packed::step_groups(Own::value.scales);
  static constexpr int64_t piece_bytes = piece_groups / step_groups * packed::step_bytes(Own::value);
  static constexpr bool has_minima = Own::minima_of != scalar::Minima::none;
  static constexpr bool has_minima_sums = Own::minima_of == scalar::Minima::of_halves;

  struct Piece {
    alignas(16) uint8_t weights[piece_bytes];
    QuantizedGroup x[piece_groups];
  };
  struct Sums {
    float scales[piece_groups][lanes];
    float minima[has_minima ? piece_groups : 1][lanes];
    float sums[piece_groups][lanes];
    float minima_sums[has_minima_sums ? piece_groups : 1][lanes];
  };
  // One that is added up, one that is summed, and those on their way.
  static constexpr int slots = sizeof(Piece) > 7 * 1024 ? 4 : 6;
  static constexpr int pieces_ahead = slots - 2;
  struct Shared {
    Piece pieces[slots];
    Sums sums[2];
  };
  static Grid grid(const Args& args) { return matmul_grid(args, 1, 1); }

  static int groups_of_piece(int64_t groups, int64_t piece) {
    return static_cast<int>(max_of(0, min_of(piece_groups, groups - piece * piece_groups)));
  }

  // Begins to copy a piece, if there is one; its batch ends in any case.
  static void copy_piece(const uint8_t* panel, const QuantizedGroup* x, int64_t groups, int64_t piece, Shared& shared) {
    const int count = groups_of_piece(groups, piece);
    Piece& to = shared.pieces[piece % slots];
    const auto weight_bytes = static_cast<int>(ceil_div(count, step_groups) * packed::step_bytes(Own::value));
    const uint8_t* const from = panel + piece * piece_bytes;
    for (int at = 16 * thread_index(); at < weight_bytes; at += 16 * threads) copy_async(to.weights + at, from + at);
    const auto form_bytes = static_cast<int>(count * sizeof(QuantizedGroup));
    auto* const to_x = reinterpret_cast<uint8_t*>(to.x);
    const auto* const from_x = reinterpret_cast<const uint8_t*>(x + piece * piece_groups);
    for (int at = 16 * thread_index(); at < form_bytes; at += 16 * threads) copy_async(to_x + at, from_x + at);
    close_copies();
  }

  // The half warp's group of a piece.
  static void sum_group(const Piece& piece, int index, Sums& to) {
    const int output = thread_index() % lanes;
    const GroupPlace place = group_place<Own::value>(piece.weights, index);
    const scalar::OutputScales scales = scalar::unpack_scales(Own::value.scales, place.step, place.index, output);
    const QuantizedGroup& x = piece.x[index];
    const auto* const quants = reinterpret_cast<const uint32_t*>(x.quants);
    int32_t first = Own::offset * x.terms.minus_first;
    int32_t second = Own::offset * (x.terms.minus_sum - x.terms.minus_first);
    QUIRE_GPU_UNROLL
    for (int j = 0; j < 4; ++j) {
      const WordPair words = group_words<Own::quants>(place.quants, output, j);
      first = dot_bytes(words.first, quants[j], first);
      second = dot_bytes(words.second, quants[4 + j], second);
    }
    to.scales[index][output] = scales.scale;
    if constexpr (has_minima) to.minima[index][output] = Own::minimum(scales);
    to.sums[index][output] = Own::sum_of(scales, first, second);
    if constexpr (has_minima_sums) to.minima_sums[index][output] = scalar::minima_sum(scales, x.terms);
  }

  static float add_groups(const Piece& piece, const Sums& from, int count, int output, float acc) {
    for (int i = 0; i < count; ++i) {
      const float minimum = has_minima ? from.minima[has_minima ? i : 0][output] : 0.0F;
      const float minima_sum = has_minima_sums ? from.minima_sums[has_minima_sums ? i : 0][output] : 0.0F;
      acc = scalar::add_group(Own::minima_of, from.sums[i][output], from.scales[i][output], minimum, minima_sum,
                              piece.x[i].terms, acc);
    }
    return acc;
  }

  static void run(const Args& args, Shared& shared) {
    const MatmulTask task = matmul_task(args, 1, 1);
    if (task.rows.begin >= task.rows.end) return;
    const uint8_t* const panel = panel_of(args, task.rows.matrix, task.first_panel, Own::panel_bytes(args.inputs));
    const QuantizedGroup* const x = form_of_row(args, task.rows, task.rows.begin);
    const int64_t groups = args.inputs / quant_group, piece_count = ceil_div(groups, piece_groups);
    const int index = thread_index() / lanes, output = thread_index() % lanes;
    const bool sums = warp_index() < summing_warps;
    float acc = 0.0F;
    for (int64_t piece = 0; piece < pieces_ahead; ++piece) copy_piece(panel, x, groups, piece, shared);
    for (int64_t piece = 0; piece <= piece_count; ++piece) {
      wait_for_copies<pieces_ahead - 1>();
      barrier();  // the piece is there, and the sums of the one before
      copy_piece(panel, x, groups, piece + pieces_ahead, shared);
      if (sums && piece < piece_count && index < groups_of_piece(groups, piece)) {
        sum_group(shared.pieces[piece % slots], index, shared.sums[piece % 2]);
      }
      if (!sums && piece > 0) {
        acc = add_groups(shared.pieces[(piece - 1) % slots], shared.sums[(piece - 1) % 2],
                         groups_of_piece(groups, piece - 1), output, acc);
      }
    }
    if (warp_index() == summing_warps && lane_index() < lanes) {
      store_output(args, task.rows, task.rows.begin, task.first_panel * lanes + output, acc);
    }
  }
};

}  // namespace quire::gpu
