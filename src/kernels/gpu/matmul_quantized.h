// Matmuls of quantized weights: exact integer sums in any order, and floats in the contract's.
#pragma once

#include "kernels/gpu/matmul.h"
#include "kernels/gpu/weight_words.h"
#include "kernels/scalar/group_sum.h"

namespace quire::gpu {

inline constexpr int lanes = panel_outputs;

// The layout of a type as a constant.
template <ElementType type>
struct LayoutOf {
  static constexpr packed::Layout value = packed::layout_of(type);
  static constexpr packed::Quants quants = value.quants;
  static constexpr scalar::Minima minima_of = scalar::minima_of(value.scales);
  static constexpr bool halves = has_halves(value.scales);
  static constexpr int32_t offset = word_offset(quants);

  static int64_t panel_bytes(int64_t inputs) { return packed::panel_bytes(type, inputs); }
  static float minimum(const scalar::OutputScales& scales) {
    return minima_of == scalar::Minima::of_halves ? scales.minima_scale : scales.minima[0];
  }
  // What the two halves' sums begin with, as quants have an offset; that of all inputs where halves have one scale.
  static int32_t first_offset(const GroupTerms& terms) {
    return offset * (halves ? terms.minus_first : terms.minus_sum);
  }
  static int32_t second_offset(const GroupTerms& terms) {
    return halves ? offset * (terms.minus_sum - terms.minus_first) : 0;
  }
  // The products' sum, of the sums of the two halves. Where these have one scale both orders are exact.
  static float sum_of(const scalar::OutputScales& scales, int32_t first, int32_t second) {
    return halves ? scalar::scaled_sum(scales, first, second) : static_cast<float>(first + second);
  }
};

// Few rows, on GPUs without tensor cores: a block is a panel, a warp's lanes are two groups of its 16 outputs. Sums
// over groups are made side by side and come into shared memory; then a thread an output and row adds them up.
template <ElementType type, int rows_max>
struct MatmulFew {
  using Args = MatmulArgs;
  using Own = LayoutOf<type>;
  static constexpr int threads = 256;
  static constexpr int tile_rows = rows_max;
  static constexpr int pass_groups = threads / lanes;
  static constexpr int slab_groups = (rows_max >= 4 ? 2 : 4) * pass_groups;
  static constexpr bool has_minima = Own::minima_of != scalar::Minima::none;
  static constexpr bool has_minima_sums = Own::minima_of == scalar::Minima::of_halves;
  static_assert(rows_max * lanes <= threads, "a thread an output and row");
  struct Shared {
    float scales[slab_groups][lanes];
    float minima[has_minima ? slab_groups : 1][lanes];
    float sums[slab_groups][rows_max][lanes];
    float minima_sums[has_minima_sums ? slab_groups : 1][rows_max][lanes];
  };
  static Grid grid(const Args& args) { return matmul_grid(args, 1, rows_max); }

  // Group `group` of the panel, at `index` of the slab, for the rows of the task.
  static void sum_group(const QuantizedGroup* const (&x)[rows_max], int rows, const uint8_t* panel, int64_t group,
                        int index, Shared& shared) {
    const int output = lane_index() % lanes;
    const GroupPlace place = group_place<Own::value>(panel, group);
    WordPair words[4];
    QUIRE_GPU_UNROLL
    for (int j = 0; j < 4; ++j) words[j] = group_words<Own::quants>(place.quants, output, j);
    const scalar::OutputScales scales = scalar::unpack_scales(Own::value.scales, place.step, place.index, output);
    shared.scales[index][output] = scales.scale;
    if constexpr (has_minima) shared.minima[index][output] = Own::minimum(scales);
    QUIRE_GPU_UNROLL
    for (int r = 0; r < rows_max; ++r) {
      if (r >= rows) continue;
      const QuantizedGroup& own = x[r][group];
      const auto* const quants = reinterpret_cast<const uint32_t*>(own.quants);
      int32_t first = Own::first_offset(own.terms), second = Own::second_offset(own.terms);
      QUIRE_GPU_UNROLL
      for (int j = 0; j < 4; ++j) {
        first = dot_bytes(words[j].first, quants[j], first);
        second = dot_bytes(words[j].second, quants[4 + j], second);
      }
      shared.sums[index][r][output] = Own::sum_of(scales, first, second);
      if constexpr (has_minima_sums) shared.minima_sums[index][r][output] = scalar::minima_sum(scales, own.terms);
    }
  }

  // Adds a slab's groups to an output of a row.
  static float add_slab(const Shared& shared, const QuantizedGroup* x, int groups, int r, int output, float acc) {
    for (int i = 0; i < groups; ++i) {
      const float minimum = has_minima ? shared.minima[has_minima ? i : 0][output] : 0.0F;
      const float minima_sum = has_minima_sums ? shared.minima_sums[has_minima_sums ? i : 0][r][output] : 0.0F;
      acc = scalar::add_group(Own::minima_of, shared.sums[i][r][output], shared.scales[i][output], minimum, minima_sum,
                              x[i].terms, acc);
    }
    return acc;
  }

  static void run(const Args& args, Shared& shared) {
    const MatmulTask task = matmul_task(args, 1, rows_max);
    const int rows = task.rows.end - task.rows.begin;
    const int64_t groups = args.inputs / quant_group;
    const uint8_t* const panel = panel_of(args, task.rows.matrix, task.first_panel, Own::panel_bytes(args.inputs));
    const QuantizedGroup* x[rows_max];
    QUIRE_GPU_UNROLL
    for (int r = 0; r < rows_max; ++r) {
      x[r] = r < rows ? form_of_row(args, task.rows, task.rows.begin + r) : nullptr;
    }
    const int row = thread_index() / lanes, output = thread_index() % lanes;
    const QuantizedGroup* const own_x = row < rows ? form_of_row(args, task.rows, task.rows.begin + row) : nullptr;
    float acc = 0.0F;
    for (int64_t begin = 0; begin < groups; begin += slab_groups) {
      const int count = static_cast<int>(min_of(slab_groups, groups - begin));
      for (int index = thread_index() / lanes; index < count; index += pass_groups) {
        sum_group(x, rows, panel, begin + index, index, shared);
      }
      barrier();
      if (row < rows) acc = add_slab(shared, own_x + begin, count, row, output, acc);
      barrier();
    }
    if (row < rows) {
      store_output(args, task.rows, task.rows.begin + row, task.first_panel * lanes + output, acc);
    }
  }
};

// Of a tile's results a lane has outputs `output` and 8 more, of rows `column` and 1 more; of its operands a word of
// the inputs of these outputs, and the same of row `output`.
struct TileLane {
  int output = lane_index() / 4;
  int word = lane_index() % 4;
  int column = lane_index() % 4 * 2;
};

// A panel's group as one operand of a tile, 16 outputs of 32 inputs: so it lies in memory.
template <ElementType type>
struct TileWeights {
  using Own = LayoutOf<type>;
  uint32_t words[4];
  scalar::OutputScales scales[2];  // of the lane's outputs

  TileWeights(const GroupPlace& place, const TileLane& lane) {
    QUIRE_GPU_UNROLL
    for (int i = 0; i < 2; ++i) {
      const WordPair pair = group_words<Own::quants>(place.quants, lane.output + 8 * i, lane.word);
      words[i] = pair.first;
      words[2 + i] = pair.second;
      scales[i] = scalar::unpack_scales(Own::value.scales, place.step, place.index, lane.output + 8 * i);
    }
  }

  // The sums of both halves' products with the groups of eight rows, or of all in `first`. x: of the lane's row; terms:
  // of the rows of its results.
  void multiply(const QuantizedGroup& x, const GroupTerms (&terms)[2], const TileLane& lane, int32_t (&first)[4],
                int32_t (&second)[4]) const {
    QUIRE_GPU_UNROLL
    for (int i = 0; i < 4; ++i) {
      first[i] = Own::first_offset(terms[i % 2]);
      second[i] = Own::second_offset(terms[i % 2]);
    }
    const auto* const quants = reinterpret_cast<const uint32_t*>(x.quants);
    const uint32_t b[2] = {quants[lane.word], quants[4 + lane.word]};
    if constexpr (Own::halves) {
      multiply_half_tile(first, words[0], words[1], b[0]);
      multiply_half_tile(second, words[2], words[3], b[1]);
    } else {
      multiply_tile(first, words, b);
    }
  }
};

// Many rows, on tensor cores. A warp is a panel and 8 * tiles rows.
template <ElementType type, int tiles>
struct MatmulMany {
  using Args = MatmulArgs;
  using Own = LayoutOf<type>;
  using Shared = NothingShared;
  static constexpr int threads = 128;
  static constexpr int tile_rows = 8 * tiles;
  static constexpr int panels = threads / warp_size;
  static Grid grid(const Args& args) { return matmul_grid(args, panels, tile_rows); }

  static void add_tile(const TileWeights<type>& weights, const QuantizedGroup& x, const GroupTerms (&terms)[2],
                       const TileLane& lane, float (&acc)[4]) {
    int32_t first[4], second[4];
    weights.multiply(x, terms, lane, first, second);
    QUIRE_GPU_UNROLL
    for (int i = 0; i < 4; ++i) {
      const scalar::OutputScales& scales = weights.scales[i / 2];
      acc[i] = scalar::add_group(Own::minima_of, Own::sum_of(scales, first[i], second[i]), scales.scale,
                                 Own::minimum(scales), scalar::minima_sum(scales, terms[i % 2]), terms[i % 2], acc[i]);
    }
  }

  static void run(const Args& args, Shared&) {
    const MatmulTask task = matmul_task(args, panels, tile_rows);
    const int64_t panel_index = task.first_panel + warp_index();
    if (panel_index * lanes >= args.outputs || task.rows.begin >= task.rows.end) return;
    const TileLane lane;
    const uint8_t* const panel = panel_of(args, task.rows.matrix, panel_index, Own::panel_bytes(args.inputs));
    const QuantizedGroup* x[tiles];           // of the row whose operand this lane brings
    const QuantizedGroup* of_rows[tiles][2];  // of the rows whose sums it has
    const auto form_at = [&](int row) {
      return form_of_row(args, task.rows, min_of(task.rows.begin + row, task.rows.end - 1));
    };
    QUIRE_GPU_UNROLL
    for (int t = 0; t < tiles; ++t) {
      x[t] = form_at(8 * t + lane.output);
      for (int i = 0; i < 2; ++i) of_rows[t][i] = form_at(8 * t + lane.column + i);
    }
    float acc[tiles][4] = {};
    for (int64_t group = 0; group < args.inputs / quant_group; ++group) {
      const TileWeights<type> weights(group_place<Own::value>(panel, group), lane);
      QUIRE_GPU_UNROLL
      for (int t = 0; t < tiles; ++t) {
        const GroupTerms terms[2] = {of_rows[t][0][group].terms, of_rows[t][1][group].terms};
        add_tile(weights, x[t][group], terms, lane, acc[t]);
      }
    }
    QUIRE_GPU_UNROLL
    for (int t = 0; t < tiles; ++t) {
      for (int i = 0; i < 4; ++i) {
        const int row = task.rows.begin + 8 * t + lane.column + i % 2;
        if (row >= task.rows.end) continue;
        store_output(args, task.rows, row, panel_index * lanes + lane.output + i / 2 * 8, acc[t][i]);
      }
    }
  }
};

}  // namespace quire::gpu
