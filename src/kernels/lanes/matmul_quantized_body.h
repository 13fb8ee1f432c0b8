// The quantized matmul: a group of neighbouring panels is unpacked once for a tile of rows.
// The includer's `Dot` says how integers are multiplied, and the shape of its tiles: Dot::rows rows by Dot::panels
// panels. Weights of more than Dot::unsigned_bits it multiplies around zero, others as they are packed. Sums are exact,
// so it has no effect on bits. Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/kernels.h"
#include "kernels/lanes/prefetch.h"
#include "kernels/lanes/unpack.h"
#include "kernels/quantized_rows.h"

namespace quire {
namespace {

// Neighbouring rows of the group at hand, as they lie in their tile.
struct GroupRows {
  const int8_t* quants;  // row r: r * quant_group after
  const GroupTerms* terms;
};

// What comes off the products of a row's quads [begin, end), if weights are unsigned: they are too large by their
// offset.
template <packed::Quants quants, int begin, int end>
QUIRE_LEAF_INLINE Words offset_share(const GroupTerms& terms) {
  const Words first = broadcast_word(terms.minus_first);
  const Words all = broadcast_word(terms.minus_sum);
  return left32<__builtin_ctz(quants.offset)>(end == 4 ? first : begin == 4 ? subtract32(all, first) : all);
}

// sums[p][r] = the products of quads [begin, end). The offset's share is where sums begin, or comes off at the end
// where sums are not what products are added to; either way through ports that products do not need.
template <class Dot, packed::Quants quants, int begin, int end, int panels, int rows>
QUIRE_LEAF_INLINE void sum_products(const Group (&groups)[panels], const GroupRows& x, Words (&sums)[panels][rows]) {
  constexpr bool has_offset = quants.offset > 0 && quants.value_bits <= Dot::unsigned_bits;
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
    Words from = zero_words();
    if constexpr (has_offset && Dot::adds_to_sums) from = offset_share<quants, begin, end>(x.terms[r]);
#pragma GCC unroll 2
    for (int p = 0; p < panels; ++p) sums[p][r] = from;
  }
  Dot::template add_quads<quants, begin, end>(groups, x.quants, sums);
  if constexpr (has_offset && !Dot::adds_to_sums) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const Words share = offset_share<quants, begin, end>(x.terms[r]);
#pragma GCC unroll 2
      for (int p = 0; p < panels; ++p) sums[p][r] = add32(sums[p][r], share);
    }
  }
}

// acc + one group of a panel, whose products, times sub-scales where it has them, sum up to `sum`.
template <class Weights>
QUIRE_LEAF_INLINE Floats add_scaled(const Group& group, const GroupTerms& terms, Floats sum, Floats acc) {
  const Floats scale = broadcast(terms.scale);
  acc = fma(sum, multiply(group.scale, scale), acc);
  if constexpr (Weights::has_minimum) acc = fma(group.minimum, broadcast(terms.scaled_sum), acc);
  if constexpr (Weights::has_sub_minima) {
    // Exact: |sum of a half| <= 127 * 16 and a minimum is below 16.
    const Floats first = broadcast(static_cast<float>(terms.minus_first));
    const Floats last = broadcast(static_cast<float>(terms.minus_sum - terms.minus_first));
    const Floats minima = fma(last, group.sub_minima[1], multiply(first, group.sub_minima[0]));
    acc = fma(minima, multiply(group.minimum, scale), acc);
  }
  return acc;
}

// sums[p][r] = the group's products, a half after the other, each times its sub-scale. Of sub-scales that are integers
// products and their sum are below 2^24, exact in f32: |sum of a half| <= 63 * 127 * 16 with |sub-scale| <= 31 at most,
// or 32 * 127 * 16 with 128.
template <class Dot, class Weights, int panels, int rows>
QUIRE_LEAF_INLINE void sum_halves(const Group (&groups)[panels], const GroupRows& x, Floats (&scaled)[panels][rows]) {
  Words sums[panels][rows];
  sum_products<Dot, Weights::quants, 0, 4>(groups, x, sums);
#pragma GCC unroll 2
  for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) scaled[p][r] = multiply(to_floats(sums[p][r]), groups[p].sub_scales[0]);
  }
  sum_products<Dot, Weights::quants, 4, 8>(groups, x, sums);
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
    for (int p = 0; p < panels; ++p) scaled[p][r] = fma(to_floats(sums[p][r]), groups[p].sub_scales[1], scaled[p][r]);
  }
}

// acc[p][r] + one group of each panel, in the written order.
template <class Dot, class Weights, int panels, int rows>
QUIRE_LEAF_INLINE void add_groups(const Group (&groups)[panels], const GroupRows& x, Floats (&acc)[panels][rows]) {
  if constexpr (Weights::has_byte_sub_scales && Dot::scales_pairs) {
    static_assert(panels == 1);
    Words sums[rows];
    Dot::template add_scaled_quads<Weights>(groups[0], x.quants, x.terms, sums);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      acc[0][r] = add_scaled<Weights>(groups[0], x.terms[r], to_floats(sums[r]), acc[0][r]);
    }
  } else if constexpr (Weights::has_sub_scales) {
    Floats sums[panels][rows];
    sum_halves<Dot, Weights>(groups, x, sums);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
      for (int p = 0; p < panels; ++p) acc[p][r] = add_scaled<Weights>(groups[p], x.terms[r], sums[p][r], acc[p][r]);
    }
  } else {
    Words sums[panels][rows];
    sum_products<Dot, Weights::quants, 0, 8>(groups, x, sums);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
      for (int p = 0; p < panels; ++p) {
        acc[p][r] = add_scaled<Weights>(groups[p], x.terms[r], to_floats(sums[p][r]), acc[p][r]);
      }
    }
  }
}

// What a tile fetches into the second level meanwhile.
enum class Fetch : uint8_t {
  own,   // its panels, a little ahead: memory is read as a stream
  next,  // its share of the panels that come next
};

struct Ahead {
  const uint8_t* at;
  int64_t lines;  // a group
};

// Neighbouring panels and the rows that meet them.
struct Tile {
  const uint8_t* panel;
  int64_t panel_bytes;
  GroupRows x;           // of the first group
  int64_t stride_bytes;  // from a group of the rows to the next
  int64_t groups;
  float* y;
  int64_t y_stride;
  int64_t outputs;  // from the first panel on that exist
};

template <class Dot, class Weights, Fetch fetch, int panels, int rows>
void multiply_tile(const Tile& tile, Ahead ahead) {
  constexpr int64_t group_bytes = Weights::step_bytes / Weights::step_groups;
  Floats acc[panels][rows];
#pragma GCC unroll 2
  for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) acc[p][r] = zeros();
  }
  GroupRows x = tile.x;
  const uint8_t* step = tile.panel;
  for (int64_t g = 0; g < tile.groups; step += Weights::step_bytes) {
    Head heads[panels];
#pragma GCC unroll 2
    for (int p = 0; p < panels; ++p) heads[p] = Weights::load_head(step + p * tile.panel_bytes);
    const int64_t count = tile.groups - g < Weights::step_groups ? tile.groups - g : Weights::step_groups;
    for (int64_t i = 0; i < count; ++i, ++g) {
      Group of_panels[panels];
      if constexpr (fetch == Fetch::next) {
        for (int64_t line = 0; line < ahead.lines; ++line, ahead.at += packed::line_bytes) fetch_weights(ahead.at);
      }
#pragma GCC unroll 2
      for (int p = 0; p < panels; ++p) {
        const uint8_t* at = step + p * tile.panel_bytes;
        if constexpr (fetch == Fetch::own) {
#pragma GCC unroll 16
          for (int64_t line = 0; line < group_bytes; line += packed::line_bytes) {
            prefetch_weights(at + i * group_bytes + line);
          }
        }
        Weights::load_group(at, heads[p], i, of_panels[p]);
      }
      add_groups<Dot, Weights>(of_panels, x, acc);
      x.quants += tile.stride_bytes;
      x.terms += tile.stride_bytes / static_cast<int64_t>(sizeof(GroupTerms));
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

// REQUIRES: 1 <= rows <= rows_max.
template <class Dot, class Weights, Fetch fetch, int panels, int rows_max>
void multiply_rows(const Tile& tile, int64_t rows, const Ahead& ahead) {
  if (rows == rows_max) return multiply_tile<Dot, Weights, fetch, panels, rows_max>(tile, ahead);
  if constexpr (rows_max > 1) multiply_rows<Dot, Weights, fetch, panels, rows_max - 1>(tile, rows, ahead);
}

// Tiles [begin, end) of the rows' form meet the same panels one after the other.
struct RowTiles {
  int64_t begin;
  int64_t end;
};

// Of a call's first panels the first tile fetches its own, and the others their shares of the panels that come next, as
// all tiles of other panels do. One tile alone fetches its own.
template <class Dot, class Weights, int panels>
void multiply_panels(const MatmulArgs& args, const RowTiles& tiles, int64_t panel) {
  const int64_t groups = args.x.inputs / quant_group;
  const int64_t panel_bytes = packed::panel_bytes(args.weights.type, args.x.inputs);
  const auto* weights = reinterpret_cast<const uint8_t*>(args.weights.bytes) + panel * panel_bytes;
  const int64_t next_bytes = panels * panel_bytes;
  const bool is_first = panel == args.panel_begin || tiles.end - tiles.begin == 1;
  const int64_t sharing = (tiles.end - tiles.begin - (is_first ? 1 : 0)) * groups;  // groups that fetch a share
  const bool has_next = (panel + 2 * panels) * packed::lanes <= args.weights.outputs;
  const int64_t lines = sharing == 0 || !has_next ? 0 : (next_bytes / packed::line_bytes + sharing - 1) / sharing;
  Ahead ahead = {.at = weights + next_bytes, .lines = lines};
  for (int64_t i = tiles.begin; i < tiles.end; ++i) {
    const RowTile rows = row_tile(args.x.rows, args.x.tile_rows, i);
    const std::byte* const x = args.x.quantized + rows.begin * groups * quantized_group_bytes;
    const int64_t parts = row_tile_count(rows.height(), Dot::rows);
    for (int64_t part = 0; part < parts; ++part) {
      const RowTile own = row_tile(rows.height(), Dot::rows, part);
      const int64_t row = rows.begin + own.begin;
      const Tile tile = {
          .panel = weights,
          .panel_bytes = panel_bytes,
          .x = {.quants = reinterpret_cast<const int8_t*>(x) + own.begin * quant_group,
                .terms = reinterpret_cast<const GroupTerms*>(x + rows.height() * quant_group) + own.begin},
          .stride_bytes = rows.height() * quantized_group_bytes,
          .groups = groups,
          .y = args.y + row * args.y_stride + panel * packed::lanes,
          .y_stride = args.y_stride,
          .outputs = args.weights.outputs - panel * packed::lanes};
      if (is_first && i == tiles.begin) {
        multiply_rows<Dot, Weights, Fetch::own, panels, Dot::rows>(tile, own.height(), {});
      } else {
        multiply_rows<Dot, Weights, Fetch::next, panels, Dot::rows>(tile, own.height(), ahead);
        ahead.at += groups * lines * packed::line_bytes;
      }
    }
  }
}

// Rows that meet all panels before the next rows do: their activations stay in the second-level cache.
constexpr int64_t block_bytes = 384 << 10;
constexpr int64_t block_rows_min = 32;

template <class Dot, class Weights>
void matmul_weights(const MatmulArgs& args) {
  const int64_t tile_count = row_tile_count(args.x.rows, args.x.tile_rows);
  const int64_t row_bytes = args.x.inputs / quant_group * quantized_group_bytes;
  const int64_t block_rows = block_bytes / row_bytes > block_rows_min ? block_bytes / row_bytes : block_rows_min;
  const int64_t block_tiles = block_rows / args.x.tile_rows > 1 ? block_rows / args.x.tile_rows : 1;
  for (int64_t tile = 0; tile < tile_count; tile += block_tiles) {
    const RowTiles tiles = {tile, tile_count - tile < block_tiles ? tile_count : tile + block_tiles};
    int64_t panel = args.panel_begin;
    if constexpr (Dot::panels > 1) {
      // Fewer rows are read at memory's rate, one panel after the other.
      for (; args.x.rows > Dot::rows && panel + Dot::panels <= args.panel_end; panel += Dot::panels) {
        multiply_panels<Dot, Weights, Dot::panels>(args, tiles, panel);
      }
    }
    for (; panel < args.panel_end; ++panel) multiply_panels<Dot, Weights, 1>(args, tiles, panel);
  }
}

template <class Dot, class DotOfBytes = Dot>  // the latter for weights of 8 bits
void matmul_quantized(const MatmulArgs& args) {
  visit_weights(args.weights.type, [&]<class Weights>() {
    if constexpr (Weights::quants.value_bits == 8) {
      matmul_weights<DotOfBytes, Weights>(args);
    } else {
      matmul_weights<Dot, Weights>(args);
    }
  });
}

}  // namespace
}  // namespace quire
