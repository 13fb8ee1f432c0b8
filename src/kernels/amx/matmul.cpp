// The int8 form by tiles of bytes. A group's sum of products is an exact integer, whatever makes it, and what follows
// is the written order: so the bits are those of every table. Where avx512_vnni spends most of its port cycles on
// products, here they are the tile unit's, and the vector ports are left with scales.
#include "kernels/amx/tiles.h"
#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/prefetch.h"
#include "kernels/lanes/unpack.h"
#include "kernels/quantized_rows.h"

namespace quire::amx {
namespace {

constexpr int64_t half_group = quant_group / 2;
constexpr int64_t tile_count_max = 4;  // of rows, in a block
// Weights of a panel and a chunk of inputs are unpacked once for all tiles of rows, while the chunk before is
// multiplied, and stay in the first level.
constexpr int64_t chunk_groups = 16;  // whole steps of every type
// Scales of a block's rows and so many inputs are transposed once for all panels.
constexpr int64_t span_groups = 8 * chunk_groups;
constexpr int64_t block_panels = 16;
// A group is scaled after so many others were multiplied. Sums go from tiles to vectors through memory, and a vector
// waits until a tile's store is there: cycles a group of 16 rows were 95, 51, 52 and 52 with 1, 2, 3 and 4 (Emerald
// Rapids).
constexpr int64_t lag_groups = 2;
constexpr int64_t ring = 4;  // groups in turn

struct alignas(64) WeightChunk {
  int8_t quants[chunk_groups][quant_group * packed::lanes];  // quads, around zero where their type has an offset
  float scales[chunk_groups][packed::lanes];
  float minima[chunk_groups][packed::lanes];
  float sub_scales[chunk_groups][2][packed::lanes];
};

// Of a tile's rows; those that it lacks are copies of its first row.
struct alignas(64) RowScales {
  float scales[span_groups][tile_rows];
  float sums[span_groups][tile_rows];
};

// A chunk that is unpacked group by group.
template <class Weights>
class Unpacking {
 public:
  // `step` begins with the first group.
  Unpacking(const uint8_t* step, int64_t count, WeightChunk& to) : step_(step), count_(count), to_(to) {}

  QUIRE_LEAF_INLINE void unpack_next() {
    constexpr int64_t group_bytes = Weights::step_bytes / Weights::step_groups;
    const int64_t g = next_++;
    const int64_t i = g % Weights::step_groups;
    const uint8_t* const step = step_ + g / Weights::step_groups * Weights::step_bytes;
#pragma GCC unroll 16
    for (int64_t line = 0; line < group_bytes; line += packed::line_bytes) {
      prefetch_weights(step + i * group_bytes + line);
    }
    Group group;
    Weights::load_group(step, Weights::load_head(step), i, group);
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) {
      const Words quad = load_quad<Weights::quants>(group.quads, q);
      _mm512_store_si512(to_.quants[g] + 64 * q, _mm512_sub_epi8(quad, broadcast_byte(Weights::quants.offset)));
    }
    store(to_.scales[g], group.scale);
    if constexpr (Weights::has_minimum) store(to_.minima[g], group.minimum);
    if constexpr (Weights::has_sub_scales) {
      store(to_.sub_scales[g][0], group.sub_scales[0]);
      store(to_.sub_scales[g][1], group.sub_scales[1]);
    }
  }
  void finish() {
    while (next_ < count_) unpack_next();
  }
  // To be called until `turns` turns were taken, after which all groups are unpacked: as evenly as it goes.
  QUIRE_LEAF_INLINE void take_share(int64_t taken, int64_t turns) {
    for (share_ += taken * count_; share_ >= turns; share_ -= turns) unpack_next();
  }

 private:
  const uint8_t* step_;
  int64_t count_;
  WeightChunk& to_;
  int64_t next_ = 0;
  int64_t share_ = 0;
};

// Where sums of groups lie until they are scaled; with a scale for each half, those of both. Rows that a tile lacks are
// zeros.
struct alignas(64) GroupSums {
  int32_t of_half[2][ring][tile_sums] = {};
};

// Rows of a matmul that meet a tile, and what they have summed up so far.
struct TileRows {
  const int8_t* quants;  // of the first row and the chunk's first group
  int64_t group_bytes;   // from a group to the next
  const float (*scales)[tile_rows];
  const float (*sums)[tile_rows];
  float* acc;  // (tile_rows, 16 outputs)
};

// Tile `sum` = rows times weights, and stored.
template <int sum>
QUIRE_LEAF_INLINE void multiply_part(const int8_t* quants, const int8_t* weights, int32_t* sums) {
  constexpr int x = 4 + sum % 2, w = 6 + sum % 2;
  zero_tile<sum>();
  load_rows<x>(quants, quant_group);
  load_tile<w>(weights);
  dot_byte_tiles<sum, x, w>();
  store_tile<sum>(sums);
}

// Group g, by the tiles that belong to `turn`.
template <class Weights, int turn>
QUIRE_LEAF_INLINE void multiply_group(const WeightChunk& chunk, int64_t g, const TileRows& rows, GroupSums& sums) {
  const int8_t* const quants = rows.quants + g * rows.group_bytes;
  if constexpr (Weights::has_sub_scales) {
    multiply_part<turn % 2 * 2>(quants, chunk.quants[g], sums.of_half[0][turn]);
    multiply_part<turn % 2 * 2 + 1>(quants + half_group, chunk.quants[g] + half_group * packed::lanes,
                                    sums.of_half[1][turn]);
  } else {
    multiply_part<turn>(quants, chunk.quants[g], sums.of_half[0][turn]);
  }
}

template <class Weights, int height>
QUIRE_LEAF_INLINE void scale_group(const WeightChunk& chunk, int64_t g, const TileRows& rows, const int32_t* first,
                                   const int32_t* last, Floats (&acc)[height]) {
  const Floats scale = load(chunk.scales[g]);
#pragma GCC unroll 16
  for (int r = 0; r < height; ++r) {
    Floats sum = to_floats(load_words(first + r * packed::lanes));
    if constexpr (Weights::has_sub_scales) {
      // As in every table: products and their sum are below 2^24, exact in f32.
      sum = multiply(sum, load(chunk.sub_scales[g][0]));
      sum = fma(to_floats(load_words(last + r * packed::lanes)), load(chunk.sub_scales[g][1]), sum);
    }
    acc[r] = fma(sum, multiply(scale, broadcast(rows.scales[g][r])), acc[r]);
    if constexpr (Weights::has_minimum) acc[r] = fma(load(chunk.minima[g]), broadcast(rows.sums[g][r]), acc[r]);
  }
}

template <class Weights, int turn, int height>
QUIRE_LEAF_INLINE void take_turn(const WeightChunk& chunk, int64_t g, int64_t count, const TileRows& rows,
                                 GroupSums& sums, Floats (&acc)[height]) {
  if (g < count) multiply_group<Weights, turn>(chunk, g, rows, sums);
  const int64_t scaled = g - lag_groups;
  if (scaled >= 0 && scaled < count) {
    constexpr int64_t at = (turn + ring - lag_groups) % ring;
    scale_group<Weights>(chunk, scaled, rows, sums.of_half[0][at], sums.of_half[1][at], acc);
  }
}

// Meanwhile the next chunk is unpacked, of which the tile at hand is one of `tiles`.
// REQUIRES: tiles are configured for as many rows, at most `height`.
template <class Weights, int height>
void add_chunk(const WeightChunk& chunk, int64_t count, const TileRows& rows, GroupSums& sums, Unpacking<Weights>& next,
               int64_t tiles) {
  Floats acc[height];
#pragma GCC unroll 16
  for (int r = 0; r < height; ++r) acc[r] = load(rows.acc + r * packed::lanes);
  for (int64_t g = 0; g < count + lag_groups; g += ring) {
    take_turn<Weights, 0>(chunk, g, count, rows, sums, acc);
    take_turn<Weights, 1>(chunk, g + 1, count, rows, sums, acc);
    take_turn<Weights, 2>(chunk, g + 2, count, rows, sums, acc);
    take_turn<Weights, 3>(chunk, g + 3, count, rows, sums, acc);
    if (g < count) next.take_share(smaller(ring, count - g), tiles * count);
  }
#pragma GCC unroll 16
  for (int r = 0; r < height; ++r) store(rows.acc + r * packed::lanes, acc[r]);
}

// Some tiles of the rows' form. One that is a row lower than the others is computed with what lies behind its rows (its
// terms, and behind them there is a tile that is not lower), which is not stored.
struct RowBlock {
  const Activations& x;
  int64_t begin;
  int64_t tiles;

  RowTile rows_of(int64_t tile) const { return row_tile(x.rows, x.tile_rows, begin + tile); }
  int64_t height() const {
    int64_t most = 0;
    for (int64_t tile = 0; tile < tiles; ++tile) most = larger(most, rows_of(tile).height());
    return most;
  }
};

void transpose_scales(const Activations& x, const RowBlock& block, int64_t begin, int64_t count, RowScales* scales) {
  const int64_t groups = x.inputs / quant_group;
  for (int64_t tile = 0; tile < block.tiles; ++tile) {
    const RowTile rows = block.rows_of(tile);
    const std::byte* group = x.quantized + (rows.begin * groups + begin * rows.height()) * quantized_group_bytes;
    for (int64_t g = 0; g < count; ++g, group += rows.height() * quantized_group_bytes) {
      const auto* const terms = reinterpret_cast<const GroupTerms*>(group + rows.height() * quant_group);
      for (int64_t r = 0; r < tile_rows; ++r) {
        const GroupTerms& of_row = terms[r < rows.height() ? r : 0];
        scales[tile].scales[g][r] = of_row.scale;
        scales[tile].sums[g][r] = of_row.scaled_sum;
      }
    }
  }
}

// Chunks in the order in which they are multiplied: a span of inputs after the other, and in it panel by panel.
struct ChunkPlace {
  int64_t span;  // groups
  int64_t panel;
  int64_t group;
};

struct PanelRange {
  int64_t begin;
  int64_t end;
};

QUIRE_LEAF_INLINE ChunkPlace next_place(ChunkPlace at, const PanelRange& panels, int64_t groups) {
  at.group += chunk_groups;
  if (at.group < smaller(at.span + span_groups, groups)) return at;
  if (++at.panel == panels.end) {
    at.panel = panels.begin;
    at.span += span_groups;
  }
  at.group = at.span;
  return at;
}

template <class Weights, int height>
void multiply_block(const MatmulArgs& args, const RowBlock& block, const PanelRange& panels) {
  const Activations& x = args.x;
  const auto* bytes = reinterpret_cast<const uint8_t*>(args.weights.bytes);
  const int64_t panel_bytes = packed::panel_bytes(args.weights.type, x.inputs);
  const int64_t groups = x.inputs / quant_group;
  alignas(64) float acc[block_panels][tile_count_max][tile_sums];
  for (int64_t panel = 0; panel < panels.end - panels.begin; ++panel) {
    for (int64_t at = 0; at < block.tiles * tile_sums; at += packed::lanes) store(acc[panel][0] + at, zeros());
  }
  RowScales scales[tile_count_max];
  GroupSums sums;
  WeightChunk chunks[2];  // the one at hand, and the one that comes next
  const auto unpacking = [&](const ChunkPlace& at, WeightChunk& to) {
    const int64_t step = at.group / Weights::step_groups * Weights::step_bytes;
    const int64_t count = at.span < groups ? smaller(chunk_groups, groups - at.group) : 0;
    return Unpacking<Weights>(bytes + at.panel * panel_bytes + step, count, to);
  };
  unpacking({0, panels.begin, 0}, chunks[0]).finish();
  int64_t turn = 0;
  for (ChunkPlace at = {0, panels.begin, 0}; at.span < groups; ++turn) {
    if (at.panel == panels.begin && at.group == at.span) {
      transpose_scales(x, block, at.span, smaller(span_groups, groups - at.span), scales);
    }
    const ChunkPlace following = next_place(at, panels, groups);
    Unpacking<Weights> next = unpacking(following, chunks[(turn + 1) % 2]);
    for (int64_t tile = 0; tile < block.tiles; ++tile) {
      const RowTile own = block.rows_of(tile);
      const int64_t groups_before = own.begin * groups + at.group * own.height();
      const TileRows rows = {
          .quants = reinterpret_cast<const int8_t*>(x.quantized + groups_before * quantized_group_bytes),
          .group_bytes = own.height() * quantized_group_bytes,
          .scales = scales[tile].scales + (at.group - at.span),
          .sums = scales[tile].sums + (at.group - at.span),
          .acc = acc[at.panel - panels.begin][tile]};
      add_chunk<Weights, height>(chunks[turn % 2], smaller(chunk_groups, groups - at.group), rows, sums, next,
                                 block.tiles);
    }
    at = following;
  }
  for (int64_t panel = panels.begin; panel < panels.end; ++panel) {
    const int64_t first = panel * packed::lanes;
    for (int64_t tile = 0; tile < block.tiles; ++tile) {
      const RowTile rows = block.rows_of(tile);
      for (int64_t r = 0; r < rows.height(); ++r) {
        store_first(args.y + (rows.begin + r) * args.y_stride + first,
                    load(acc[panel - panels.begin][tile] + r * packed::lanes), args.weights.outputs - first);
      }
    }
  }
}

template <class Weights>
void multiply_rows(const MatmulArgs& args) {
  constexpr bool halves = Weights::has_sub_scales;
  const int64_t tiles = row_tile_count(args.x.rows, args.x.tile_rows);
  for (int64_t tile = 0; tile < tiles; tile += tile_count_max) {
    const RowBlock block = {.x = args.x, .begin = tile, .tiles = smaller(tile_count_max, tiles - tile)};
    const int64_t height = block.height();
    const ConfiguredTiles configured(height, halves ? half_group : quant_group);
    for (int64_t panel = args.panel_begin; panel < args.panel_end; panel += block_panels) {
      const PanelRange panels = {panel, smaller(panel + block_panels, args.panel_end)};
      if (height <= 12) {
        multiply_block<Weights, 12>(args, block, panels);
      } else {
        multiply_block<Weights, 16>(args, block, panels);
      }
    }
  }
}

// With fewer rows vpdpbusd is as fast: a tile's stores and loads cost the same for any number of rows.
constexpr int64_t rows_min = 9;

}  // namespace

void matmul(const MatmulArgs& args) {
  if (args.x.rows < rows_min || !reads_quantized_activations(args.weights.type)) return avx512_vnni::matmul(args);
  visit_weights(args.weights.type, [&]<class Weights>() {
    if constexpr (Weights::has_sub_minima) {  // they want more of a row than a chunk keeps
      avx512_vnni::matmul(args);
    } else {
      multiply_rows<Weights>(args);
    }
  });
}

}  // namespace quire::amx
