// The quantized matmul: a panel's groups are unpacked once for a tile of rows.
// The includer's `Dot` says how integers are multiplied; sums are exact, so it has no effect on bits.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/kernels.h"
#include "kernels/lanes/prefetch.h"
#include "kernels/lanes/unpack.h"

namespace quire {
namespace {

// The activations of a tile's rows for the group at hand. A pointer a row for what is read most: offsets of rows would
// be kept in memory.
template <int rows>
struct GroupRows {
  const int8_t* quants[rows];
  const int32_t* quant_sums;  // of a row: 2 * groups after those of the row before
  const float* scales;        // groups after, as sums
  const float* sums;
  int64_t groups;
};

// acc[p][r] + one group of each panel, in the written order.
template <class Dot, class Weights, int panels, int rows>
QUIRE_LEAF_INLINE void add_groups(const Group (&groups)[panels], const GroupRows<rows>& x,
                                  Floats (&acc)[panels][rows]) {
  constexpr bool halves = Weights::has_sub_scales;
  Words first[panels][rows];
  Words last[panels][rows];
#pragma GCC unroll 2
  for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) first[p][r] = last[p][r] = zero_words();
  }
  Dot::template add_quads<Weights::bits, 0, halves ? 4 : 8>(groups, x.quants, first);
  if constexpr (halves) Dot::template add_quads<Weights::bits, 4, 8>(groups, x.quants, last);
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
    // Weights are unsigned: their offset comes off a sum at once, through ports that products do not need.
    const int32_t* sums = x.quant_sums + r * 2 * x.groups;
    const Floats scale = broadcast(x.scales[r * x.groups]);
#pragma GCC unroll 2
    for (int p = 0; p < panels; ++p) {
      Floats sum;
      if constexpr (halves) {
        // |sum of a half| <= 32 * 127 * 16 and |sub scale| <= 128: products and their sum are below 2^24, exact in f32.
        const Words x_first = left32<Weights::offset_bits>(broadcast_word(sums[0]));
        const Words x_all = left32<Weights::offset_bits>(broadcast_word(sums[1]));
        sum = multiply(to_floats(subtract32(first[p][r], x_first)), groups[p].sub_scales[0]);
        sum = fma(to_floats(subtract32(last[p][r], subtract32(x_all, x_first))), groups[p].sub_scales[1], sum);
      } else if constexpr (Weights::offset_bits > 0) {
        sum = to_floats(subtract32(first[p][r], left32<Weights::offset_bits>(broadcast_word(sums[1]))));
      } else {
        sum = to_floats(first[p][r]);
      }
      acc[p][r] = fma(sum, multiply(groups[p].scale, scale), acc[p][r]);
      if constexpr (Weights::has_minimum) {
        acc[p][r] = fma(groups[p].minimum, broadcast(x.sums[r * x.groups]), acc[p][r]);
      }
    }
  }
}

// Neighbouring panels and the rows that meet them; x and y begin at the first of the rows.
struct Tile {
  const uint8_t* panel;
  int64_t panel_bytes;
  Activations x;
  float* y;
  int64_t y_stride;
  int64_t outputs;  // from the first panel on that exist
};

template <class Dot, class Weights, int panels, int rows>
void multiply_tile(const Tile& tile) {
  const int64_t inputs = tile.x.inputs;
  const int64_t groups = inputs / quant_group;
  constexpr int64_t group_bytes = Weights::step_bytes / Weights::step_groups;
  Floats acc[panels][rows];
#pragma GCC unroll 2
  for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) acc[p][r] = zeros();
  }
  GroupRows<rows> x = {{}, tile.x.quant_sums, tile.x.scales, tile.x.group_sums, groups};
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) x.quants[r] = tile.x.quants + r * inputs;
  const uint8_t* step = tile.panel;
  for (int64_t g = 0; g < groups; step += Weights::step_bytes) {
    Head heads[panels];
#pragma GCC unroll 2
    for (int p = 0; p < panels; ++p) heads[p] = Weights::load_head(step + p * tile.panel_bytes);
    const int64_t count = groups - g < Weights::step_groups ? groups - g : Weights::step_groups;
    for (int64_t i = 0; i < count; ++i, ++g) {
      Group of_panels[panels];
#pragma GCC unroll 2
      for (int p = 0; p < panels; ++p) {
        const uint8_t* at = step + p * tile.panel_bytes;
#pragma GCC unroll 16
        for (int64_t line = 0; line < group_bytes; line += packed::line_bytes) {
          prefetch_weights(at + i * group_bytes + line);
        }
        Weights::load_group(at, heads[p], i, of_panels[p]);
      }
      add_groups<Dot, Weights>(of_panels, x, acc);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) x.quants[r] += quant_group;
      x.quant_sums += 2;
      ++x.scales;
      ++x.sums;
    }
  }
#pragma GCC unroll 2
  for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      store_first(tile.y + r * tile.y_stride + p * packed::lanes, acc[p][r], tile.outputs - p * packed::lanes);
    }
  }
}

// REQUIRES: 1 <= tile.x.rows <= rows_max.
template <class Dot, class Weights, int panels, int rows_max>
void multiply_rows(const Tile& tile) {
  if (tile.x.rows == rows_max) return multiply_tile<Dot, Weights, panels, rows_max>(tile);
  if constexpr (rows_max > 1) multiply_rows<Dot, Weights, panels, rows_max - 1>(tile);
}

// The rows [begin, end) of x.
QUIRE_LEAF_INLINE Activations slice_rows(const Activations& x, int64_t begin, int64_t end) {
  Activations rows = x;
  rows.rows = end - begin;
  rows.quants += begin * x.inputs;
  rows.scales += begin * (x.inputs / quant_group);
  rows.quant_sums += begin * (x.inputs / quant_group) * 2;
  rows.group_sums += begin * (x.inputs / quant_group);
  return rows;
}

// Rows [row, end) of x, by tiles of nearly equal height, and neighbouring panels.
template <class Dot, class Weights, int panels, int tile_rows>
void multiply_panels(const MatmulArgs& args, int64_t row, int64_t end, int64_t panel) {
  const int64_t panel_bytes = packed::panel_bytes(args.weights.type, args.weights.inputs);
  const int64_t tile_count = (end - row + tile_rows - 1) / tile_rows;
  const int64_t begin = row;
  for (int64_t i = 0; i < tile_count; ++i) {
    const int64_t tile_end = begin + (end - begin) * (i + 1) / tile_count;
    multiply_rows<Dot, Weights, panels, tile_rows>(
        {reinterpret_cast<const uint8_t*>(args.weights.bytes) + panel * panel_bytes, panel_bytes,
         slice_rows(args.x, row, tile_end), args.y + row * args.y_stride + panel * packed::lanes, args.y_stride,
         args.weights.outputs - panel * packed::lanes});
    row = tile_end;
  }
}

// Rows that meet all panels before the next rows do: their activations stay in the second-level cache.
constexpr int64_t block_bytes = 384 << 10;

// From so many rows on, Dot::panels panels of weights that are cheaply unpacked go together: half the loads of
// activations, whose lines come from the second level, for a quad made for half as many rows. Others lose by it (Q6_K 5
// %, Q5_K 3 %, Q4_1 2 % at 64 rows).
constexpr int64_t pairs_rows_min = 33;

template <class Dot, class Weights>
void matmul_weights(const MatmulArgs& args) {
  const int64_t rows = args.x.rows;
  const int64_t block_rows_max = block_bytes / (args.x.inputs + args.x.inputs / 2) & ~int64_t{7};
  const int64_t block_rows = block_rows_max < 32 ? 32 : block_rows_max;
  for (int64_t row = 0; row < rows; row += block_rows) {
    const int64_t end = rows - row < block_rows ? rows : row + block_rows;
    int64_t panel = args.panel_begin;
    constexpr bool is_cheap = Weights::bits % 4 == 0 && !Weights::has_minimum;
    if constexpr (Dot::panels > 1 && is_cheap) {
      for (; rows >= pairs_rows_min && panel + Dot::panels <= args.panel_end; panel += Dot::panels) {
        multiply_panels<Dot, Weights, Dot::panels, matmul_tile_rows / Dot::panels>(args, row, end, panel);
      }
    }
    for (; panel < args.panel_end; ++panel) multiply_panels<Dot, Weights, 1, matmul_tile_rows>(args, row, end, panel);
  }
}

template <class Dot>
void matmul_quantized(const MatmulArgs& args) {
  visit_weights(args.weights.type, [&]<class Weights>() { matmul_weights<Dot, Weights>(args); });
}

}  // namespace
}  // namespace quire
