// Prompt rows by tiles: activations are the left operand (16 rows x 32 inputs), weights the right one (16 pairs of
// inputs x 16 outputs), which is the order in which a panel has them already.
#include "kernels/amx/tiles.h"
#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/prefetch.h"
#include "kernels/lanes/unpack.h"

namespace quire::amx {
namespace {

constexpr int64_t tile_words = tile_rows * quant_group;

// Weights of two panels and a chunk of inputs are rounded once for all rows of a block, and stay in the first level
// (32 KiB), past which the activations stream. A block's sums (256 KiB) and its activations of a chunk (512 KiB) stay
// in the second, while its panels pass.
constexpr int64_t chunk_groups = 16;  // whole steps of every type
constexpr int64_t block_row_tiles = 32;
constexpr int64_t block_panels = 8;

using PanelChunk = uint16_t[chunk_groups * tile_words];
using BlockSums = float[block_row_tiles][block_panels][tile_sums];

// bf16 of 32 floats; of the first 16 in the low half.
QUIRE_LEAF_INLINE Words round_words(Floats first, Floats last) {
  return reinterpret_cast<Words>(_mm512_cvtne2ps_pbh(last, first));
}

// A group of a panel as a tile: row j has inputs 2 j and 2 j + 1 of each output, side by side.
template <class Weights>
QUIRE_LEAF_INLINE void round_group(const Group& group, uint16_t* tile) {
  const Words low = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const Words neighbours = add32(low, left32<16>(add32(low, broadcast_word(16))));  // 0 16 1 17 ...
#pragma GCC unroll 8
  for (int q = 0; q < 8; ++q) {
    const Words quad = load_quad<Weights::quants>(group.quads, q);
    const Words quants = _mm512_sub_epi8(quad, broadcast_byte(Weights::quants.offset));
    Floats scale = group.scale;
    if constexpr (Weights::has_sub_scales) scale = multiply(scale, group.sub_scales[q / 4]);
    const auto weight = [&](Words in_high_byte) {
      const Floats quant = to_floats(_mm512_srai_epi32(in_high_byte, 24));
      if constexpr (Weights::has_minimum) return fma(scale, quant, group.minimum);
      if constexpr (Weights::has_sub_minima) {
        return fma(scale, quant, negate(multiply(group.minimum, group.sub_minima[q / 4])));
      }
      return multiply(scale, quant);
    };
    const Words first = round_words(weight(left32<24>(quants)), weight(left32<16>(quants)));
    const Words second = round_words(weight(left32<8>(quants)), weight(quants));
    _mm512_store_si512(tile + 64 * q, _mm512_permutexvar_epi16(neighbours, first));
    _mm512_store_si512(tile + 64 * q + 32, _mm512_permutexvar_epi16(neighbours, second));
  }
}

// Groups [begin, begin + count) of a panel. REQUIRES: begin is a multiple of chunk_groups.
template <class Weights>
void round_panel(const uint8_t* panel, int64_t begin, int64_t count, uint16_t* tiles) {
  constexpr int64_t group_bytes = Weights::step_bytes / Weights::step_groups;
  const uint8_t* step = panel + begin / Weights::step_groups * Weights::step_bytes;
  for (int64_t g = 0; g < count; step += Weights::step_bytes) {
    const Head head = Weights::load_head(step);
    for (int64_t i = 0; i < Weights::step_groups && g < count; ++i, ++g) {
#pragma GCC unroll 16
      for (int64_t line = 0; line < group_bytes; line += packed::line_bytes) {
        prefetch_weights(step + i * group_bytes + line);
      }
      Group group;
      Weights::load_group(step, head, i, group);
      round_group<Weights>(group, tiles + g * tile_words);
    }
  }
}

// What meets in a chunk: one or two tiles of rows and one or two panels.
struct Chunk {
  const uint16_t* x;  // of the first 16 rows
  int64_t x_stride;   // to the next 16 rows
  const PanelChunk* weights;
  int64_t groups;
  float* sums;  // of the first 16 rows and the first panel; the next panel's follow
  int64_t sums_stride;
  bool is_first;  // of its rows and panels: sums begin at zero
};

template <int tile>
QUIRE_LEAF_INLINE void begin_sums(const Chunk& chunk, const float* sums) {
  chunk.is_first ? zero_tile<tile>() : load_tile<tile>(sums);
}

// Tiles 0 to 3 are sums (rows, panel), 4 and 5 rows, 6 and 7 panels.
template <int row_tiles, int panels>
void multiply_chunk(const Chunk& chunk) {
  float* const sums = chunk.sums;
  float* const next_sums = sums + chunk.sums_stride;
  begin_sums<0>(chunk, sums);
  if constexpr (panels == 2) begin_sums<1>(chunk, sums + tile_sums);
  if constexpr (row_tiles == 2) begin_sums<2>(chunk, next_sums);
  if constexpr (row_tiles == 2 && panels == 2) begin_sums<3>(chunk, next_sums + tile_sums);
  for (int64_t at = 0; at < chunk.groups * tile_words; at += tile_words) {
    stream_tile<4>(chunk.x + at);
    load_tile<6>(chunk.weights[0] + at);
    dot_tiles<0, 4, 6>();
    if constexpr (panels == 2) {
      load_tile<7>(chunk.weights[1] + at);
      dot_tiles<1, 4, 7>();
    }
    if constexpr (row_tiles == 2) {
      stream_tile<5>(chunk.x + chunk.x_stride + at);
      dot_tiles<2, 5, 6>();
      if constexpr (panels == 2) dot_tiles<3, 5, 7>();
    }
  }
  store_tile<0>(sums);
  if constexpr (panels == 2) store_tile<1>(sums + tile_sums);
  if constexpr (row_tiles == 2) store_tile<2>(next_sums);
  if constexpr (row_tiles == 2 && panels == 2) store_tile<3>(next_sums + tile_sums);
}

// The rows and panels of one block of a matmul.
struct Block {
  int64_t row_begin;
  int64_t row_end;
  int64_t panel_begin;
  int64_t panel_end;
};

template <class Weights>
void multiply_block(const Bf16MatmulArgs& args, const Block& block, BlockSums& sums) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(args.weights.bytes);
  const int64_t panel_bytes = packed::panel_bytes(args.weights.type, args.weights.inputs);
  const int64_t groups = args.weights.inputs / quant_group;
  const int64_t row_tiles = (block.row_end - block.row_begin + tile_rows - 1) / tile_rows;
  const uint16_t* x = args.x + block.row_begin / tile_rows * groups * tile_words;
  alignas(64) PanelChunk weights[2];
  for (int64_t group = 0; group < groups; group += chunk_groups) {
    const int64_t count = smaller(chunk_groups, groups - group);
    for (int64_t panel = block.panel_begin; panel < block.panel_end; panel += 2) {
      const int64_t panels = smaller(2, block.panel_end - panel);
      for (int64_t p = 0; p < panels; ++p) {
        round_panel<Weights>(bytes + (panel + p) * panel_bytes, group, count, weights[p]);
      }
      for (int64_t tile = 0; tile < row_tiles; tile += 2) {
        const Chunk chunk = {.x = x + (tile * groups + group) * tile_words,
                             .x_stride = groups * tile_words,
                             .weights = weights,
                             .groups = count,
                             .sums = sums[tile][panel - block.panel_begin],
                             .sums_stride = block_panels * tile_sums,
                             .is_first = group == 0};
        const bool two_rows = tile + 1 < row_tiles;
        if (panels == 2) {
          two_rows ? multiply_chunk<2, 2>(chunk) : multiply_chunk<1, 2>(chunk);
        } else {
          two_rows ? multiply_chunk<2, 1>(chunk) : multiply_chunk<1, 1>(chunk);
        }
      }
    }
  }
}

// A prompt's results are more than caches hold, so that each store would wait for its line.
constexpr int64_t fetched_rows = 8;

QUIRE_LEAF_INLINE void fetch_for_writing(const Bf16MatmulArgs& args, const Block& block, int64_t row) {
  const float* const y = args.y + args.rows[row] * args.y_stride;
  for (int64_t panel = block.panel_begin; panel < block.panel_end; ++panel) {
    __builtin_prefetch(y + panel * packed::lanes, 1, 3);
  }
}

void store_block(const Bf16MatmulArgs& args, const Block& block, const BlockSums& sums) {
  for (int64_t i = block.row_begin; i < block.row_end; ++i) {
    float* const y = args.y + args.rows[i] * args.y_stride;
    const int64_t at = i - block.row_begin;
    if (i + fetched_rows < block.row_end) fetch_for_writing(args, block, i + fetched_rows);
    for (int64_t panel = block.panel_begin; panel < block.panel_end; ++panel) {
      const int64_t first = panel * packed::lanes;
      const float* row = sums[at / tile_rows][panel - block.panel_begin] + at % tile_rows * packed::lanes;
      store_first(y + first, load(row), args.weights.outputs - first);
    }
  }
}

template <class Weights>
void matmul_weights(const Bf16MatmulArgs& args) {
  constexpr int64_t block_rows = block_row_tiles * tile_rows;
  const ConfiguredTiles configured(tile_rows, tile_row_bytes);
  alignas(64) BlockSums sums;
  for (int64_t row = 0; row < args.row_count; row += block_rows) {
    for (int64_t panel = args.panel_begin; panel < args.panel_end; panel += block_panels) {
      const Block block = {.row_begin = row,
                           .row_end = smaller(row + block_rows, args.row_count),
                           .panel_begin = panel,
                           .panel_end = smaller(panel + block_panels, args.panel_end)};
      multiply_block<Weights>(args, block, sums);
      store_block(args, block, sums);
    }
  }
}

}  // namespace

void round_to_bf16(const Bf16Args& args) {
  const int64_t groups = args.inputs / quant_group;
  for (int64_t row = 0; row < args.row_count; row += tile_rows) {
    uint16_t* const block = args.bf16 + row / tile_rows * groups * tile_words;
    for (int64_t r = 0; r < tile_rows; ++r) {
      const bool exists = row + r < args.row_count;
      const float* const x = exists ? args.x + args.rows[row + r] * args.inputs : nullptr;
      for (int64_t g = 0; g < groups; ++g) {
        const Words words = exists ? round_words(load(x + 32 * g), load(x + 32 * g + 16)) : zero_words();
        _mm512_storeu_si512(block + g * tile_words + r * quant_group, words);
      }
    }
  }
}

void matmul_bf16(const Bf16MatmulArgs& args) {
  visit_weights(args.weights.type, [&]<class Weights>() { matmul_weights<Weights>(args); });
}

}  // namespace quire::amx
