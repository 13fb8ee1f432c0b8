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

  // 1.5 * 2^23, whose last bit is 1: integers that are added to its bits are added to the number, exactly while they
  // are below 2^22, and a group's sum is below 32 * 127 * 128. So a sum is a float after one subtraction; GPUs convert
  // integers at a fraction of that rate.
  static constexpr float sum_base = 12582912.0F;
  static constexpr int32_t sum_bits = std::bit_cast<int32_t>(sum_base);
  static float float_of(int32_t sum) { return std::bit_cast<float>(sum) - sum_base; }

  static int64_t panel_bytes(int64_t inputs) { return packed::panel_bytes(type, inputs); }
  static float minimum(const scalar::OutputScales& scales) {
    return minima_of == scalar::Minima::of_halves ? scales.minima_scale : scales.minima[0];
  }
  // What the two halves' sums of products begin with where words are multiplied with their offset: what that adds, of
  // all inputs where halves have one scale, and the bits of the number below.
  static int32_t first_begin(const GroupTerms& terms) {
    return sum_bits + offset * (halves ? terms.minus_first : terms.minus_sum);
  }
  static int32_t second_begin(const GroupTerms& terms) {
    return halves ? sum_bits + offset * (terms.minus_sum - terms.minus_first) : 0;
  }
  // The products' sum, of the sums of the two halves. Where these have one scale both orders are exact.
  static float sum_of(const scalar::OutputScales& scales, int32_t first, int32_t second) {
    return halves ? scalar::scaled_sum(scales, float_of(first), float_of(second)) : float_of(first + second);
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
      int32_t first = Own::first_begin(own.terms), second = Own::second_begin(own.terms);
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
      words[i] = without_offset<Own::quants>(pair.first);
      words[2 + i] = without_offset<Own::quants>(pair.second);
      scales[i] = scalar::unpack_scales(Own::value.scales, place.step, place.index, lane.output + 8 * i);
    }
  }

  // What Own::sum_of takes, of the groups of eight rows. x: of the lane's row.
  void multiply(const QuantizedGroup& x, const TileLane& lane, int32_t (&first)[4], int32_t (&second)[4]) const {
    const auto* const quants = reinterpret_cast<const uint32_t*>(x.quants);
    const uint32_t b[2] = {quants[lane.word], quants[4 + lane.word]};
    if constexpr (Own::halves) {
      multiply_half_tile(Own::sum_bits, words[0], words[1], b[0], first);
      multiply_half_tile(Own::sum_bits, words[2], words[3], b[1], second);
    } else {
      multiply_tile(Own::sum_bits, words, b, first);
      for (int32_t& none : second) none = 0;
    }
  }
};

}  // namespace quire::gpu
