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

// acc[r] + one group, in the written order.
template <class Dot, class Weights, int rows>
QUIRE_LEAF_INLINE void add_group(const Group& group, const GroupRows<rows>& x, Floats (&acc)[rows]) {
  constexpr bool halves = Weights::has_sub_scales;
  Words first[rows];
  Words last[rows];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) first[r] = last[r] = zero_words();
  Dot::template add_quads<Weights::bits, 0, halves ? 4 : 8>(group.quads, x.quants, first);
  if constexpr (halves) Dot::template add_quads<Weights::bits, 4, 8>(group.quads, x.quants, last);
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
    // Weights are unsigned: their offset comes off a sum at once, through ports that products do not need.
    const int32_t* sums = x.quant_sums + r * 2 * x.groups;
    Floats sum;
    if constexpr (halves) {
      // |sum of a half| <= 32 * 127 * 16 and |sub scale| <= 128: products and their sum are below 2^24, exact in f32.
      const Words x_first = left32<Weights::offset_bits>(broadcast_word(sums[0]));
      const Words x_all = left32<Weights::offset_bits>(broadcast_word(sums[1]));
      sum = multiply(to_floats(subtract32(first[r], x_first)), group.sub_scales[0]);
      sum = fma(to_floats(subtract32(last[r], subtract32(x_all, x_first))), group.sub_scales[1], sum);
    } else if constexpr (Weights::offset_bits > 0) {
      sum = to_floats(subtract32(first[r], left32<Weights::offset_bits>(broadcast_word(sums[1]))));
    } else {
      sum = to_floats(first[r]);
    }
    acc[r] = fma(sum, multiply(group.scale, broadcast(x.scales[r * x.groups])), acc[r]);
    if constexpr (Weights::has_minimum) acc[r] = fma(group.minimum, broadcast(x.sums[r * x.groups]), acc[r]);
  }
}

// A panel and the rows that meet it; x and y begin at the first of the rows.
struct Tile {
  const uint8_t* panel;
  Activations x;
  float* y;
  int64_t y_stride;
  int64_t outputs;  // of the panel that exist
};

template <class Dot, class Weights, int rows>
void multiply_tile(const Tile& tile) {
  const int64_t inputs = tile.x.inputs;
  const int64_t groups = inputs / quant_group;
  constexpr int64_t group_bytes = Weights::step_bytes / Weights::step_groups;
  Floats acc[rows];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) acc[r] = zeros();
  GroupRows<rows> x = {{}, tile.x.quant_sums, tile.x.scales, tile.x.group_sums, groups};
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) x.quants[r] = tile.x.quants + r * inputs;
  const uint8_t* step = tile.panel;
  for (int64_t g = 0; g < groups; step += Weights::step_bytes) {
    const Head head = Weights::load_head(step);
    const int64_t count = groups - g < Weights::step_groups ? groups - g : Weights::step_groups;
    for (int64_t i = 0; i < count; ++i, ++g) {
#pragma GCC unroll 16
      for (int64_t line = 0; line < group_bytes; line += packed::line_bytes) {
        prefetch_weights(step + i * group_bytes + line);
      }
      Group group;
      Weights::load_group(step, head, i, group);
      add_group<Dot, Weights>(group, x, acc);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) x.quants[r] += quant_group;
      x.quant_sums += 2;
      ++x.scales;
      ++x.sums;
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) store_first(tile.y + r * tile.y_stride, acc[r], tile.outputs);
}

// REQUIRES: 1 <= tile.x.rows <= rows_max.
template <class Dot, class Weights, int rows_max>
void multiply_rows(const Tile& tile) {
  if (tile.x.rows == rows_max) return multiply_tile<Dot, Weights, rows_max>(tile);
  if constexpr (rows_max > 1) multiply_rows<Dot, Weights, rows_max - 1>(tile);
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

template <class Dot, class Weights>
void matmul_weights(const MatmulArgs& args) {
  const int64_t rows = args.x.rows;
  const int64_t tile_count = (rows + matmul_tile_rows - 1) / matmul_tile_rows;
  const int64_t panel_bytes = packed::panel_bytes(args.weights.type, args.weights.inputs);
  for (int64_t panel = args.panel_begin; panel < args.panel_end; ++panel) {
    const int64_t first = panel * packed::lanes;
    int64_t row = 0;
    for (int64_t i = 0; i < tile_count; ++i) {  // tiles of nearly equal height
      const int64_t end = rows * (i + 1) / tile_count;
      const Tile tile = {reinterpret_cast<const uint8_t*>(args.weights.bytes) + panel * panel_bytes,
                         slice_rows(args.x, row, end), args.y + row * args.y_stride + first, args.y_stride,
                         args.weights.outputs - first};
      multiply_rows<Dot, Weights, matmul_tile_rows>(tile);
      row = end;
    }
  }
}

template <class Dot>
void matmul_quantized(const MatmulArgs& args) {
  visit_weights(args.weights.type, [&]<class Weights>() { matmul_weights<Dot, Weights>(args); });
}

}  // namespace
}  // namespace quire
