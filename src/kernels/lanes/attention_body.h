// Attention in lanes. A tile of queries walks the chunks once; a chunk meets up to attention_queries of them at a time,
// so that its keys and values are read from memory once, converted once for each of those, and otherwise found in the
// first-level cache.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/kernels.h"
#include "kernels/lanes/kv_elements.h"
#include "kernels/lanes/math.h"

namespace quire {
namespace {

// Queries of consecutive rows of the runs: a query is a row and a head of the group.
struct AttentionTile {
  int64_t count = 0;
  const float* q[attention_tile_queries];
  float* out[attention_tile_queries];
  const int32_t* blocks[attention_tile_queries];
  int64_t position[attention_tile_queries];
  float max[attention_tile_queries];
  float sum[attention_tile_queries];
};

// sums += q k for elements [begin, end) of the head.
template <typename Kv, int queries>
QUIRE_LEAF_INLINE void add_products(const typename Kv::Element* keys, int64_t begin, int64_t end,
                                    const float* const (&q)[queries], Floats (&sums)[queries][2]) {
  for (int64_t d = begin; d < end; ++d) {
    const Floats low = Kv::load(keys + d * attention_chunk);
    const Floats high = Kv::load(keys + d * attention_chunk + 16);
#pragma GCC unroll 8
    for (int i = 0; i < queries; ++i) {
      const Floats element = broadcast(q[i][d]);
      sums[i][0] = fma(element, low, sums[i][0]);
      sums[i][1] = fma(element, high, sums[i][1]);
    }
  }
}

// scores = scale * q k for the chunk's positions.
template <typename Kv, int queries>
QUIRE_LEAF_INLINE void score(const AttentionArgs& args, const KvChunk<Kv>& chunk, const float* const (&q)[queries],
                             Floats (&scores)[queries][2]) {
  const int64_t head_dim = args.layer.head_dim;
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) scores[i][0] = scores[i][1] = zeros();
  if constexpr (Kv::scaled) {
    for (int64_t d = 0; d < head_dim; d += quant_group) {
      Floats sums[queries][2];
#pragma GCC unroll 8
      for (int i = 0; i < queries; ++i) sums[i][0] = sums[i][1] = zeros();
      add_products<Kv>(chunk.keys, d, head_dim - d < quant_group ? head_dim : d + quant_group, q, sums);
      const uint16_t* scales = chunk.key_scales + d / quant_group * attention_chunk;
      const Floats low = load_f16(scales);
      const Floats high = load_f16(scales + 16);
#pragma GCC unroll 8
      for (int i = 0; i < queries; ++i) {
        scores[i][0] = fma(low, sums[i][0], scores[i][0]);
        scores[i][1] = fma(high, sums[i][1], scores[i][1]);
      }
    }
  } else {
    add_products<Kv>(chunk.keys, 0, head_dim, q, scores);
  }
  const Floats scale = broadcast(args.scale);
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) {
    scores[i][0] = multiply(scores[i][0], scale);
    scores[i][1] = multiply(scores[i][1], scale);
  }
}

// Scores become p (0 where no position is); max and sum move on. carry is what earlier sums are multiplied with.
template <int queries>
QUIRE_LEAF_INLINE void soften(Floats (&scores)[queries][2], int64_t count, float* max_scores, float* sums,
                              float (&p)[queries * attention_chunk], float (&carry)[16]) {
  const Floats nothing = broadcast(-__builtin_inff());
  float next[queries];
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) {
    scores[i][0] = keep_first(scores[i][0], count, nothing);
    scores[i][1] = keep_first(scores[i][1], count - 16, nothing);
    const float chunk_max = max_lane(max(scores[i][0], scores[i][1]));
    next[i] = max_scores[i] < chunk_max ? chunk_max : max_scores[i];
    carry[i] = max_scores[i] - next[i];
    max_scores[i] = next[i];
  }
  store(carry, exp_lanes(load(carry)));
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) {
    const Floats low = keep_first(exp_lanes(subtract(scores[i][0], broadcast(next[i]))), count, zeros());
    const Floats high = keep_first(exp_lanes(subtract(scores[i][1], broadcast(next[i]))), count - 16, zeros());
    store(p + i * attention_chunk, low);
    store(p + i * attention_chunk + 16, high);
    sums[i] = __builtin_fmaf(sums[i], carry[i], tree_sum(add(low, high)));
  }
}

// What the quants of the group at element d are multiplied with: p times their scales. Without scales p itself.
template <typename Kv, int queries>
QUIRE_LEAF_INLINE const float* weigh(const KvChunk<Kv>& chunk, int64_t d, const float* p,
                                     float (&weights)[queries * attention_chunk]) {
  if constexpr (!Kv::scaled) return p;
  const uint16_t* scales = chunk.value_scales + d / quant_group * attention_chunk;
  const Floats low = load_f16(scales);
  const Floats high = load_f16(scales + 16);
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) {
    store(weights + i * attention_chunk, multiply(load(p + i * attention_chunk), low));
    store(weights + i * attention_chunk + 16, multiply(load(p + i * attention_chunk + 16), high));
  }
  return weights;
}

// out[d] = out[d] * carry + p v over `count` positions, for `vectors` * 16 elements from d on, the last `left` of which
// exist. values: (32, head_dim).
template <typename Kv, int queries, int vectors, bool whole>
QUIRE_LEAF_INLINE void add_values(const typename Kv::Element* values, int64_t count, int64_t head_dim, int64_t d,
                                  int64_t left, const float* p, const float (&carry)[16],
                                  float* const (&out)[queries]) {
  Floats acc[queries][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      const float* at = out[i] + d + 16 * v;
      acc[i][v] = multiply(whole ? load(at) : load_first(at, left), broadcast(carry[i]));
    }
  }
  for (int64_t position = 0; position < count; ++position) {
    Floats row[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      const auto* at = values + position * head_dim + d + 16 * v;
      row[v] = whole ? Kv::load(at) : Kv::load_first(at, left);
    }
#pragma GCC unroll 8
    for (int i = 0; i < queries; ++i) {
      const Floats weight = broadcast(p[i * attention_chunk + position]);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) acc[i][v] = fma(weight, row[v], acc[i][v]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      float* at = out[i] + d + 16 * v;
      if (whole) {
        store(at, acc[i][v]);
      } else {
        store_first(at, acc[i][v], left);
      }
    }
  }
}

// Queries [first, first + queries) of the tile meet the first `count` positions of a chunk.
template <typename Kv, int queries>
void attend_chunk(const AttentionArgs& args, const KvChunk<Kv>& chunk, int64_t count, AttentionTile& tile,
                  int64_t first) {
  const int64_t head_dim = args.layer.head_dim;
  const float* q[queries];
  float* out[queries];
  float carry[16] = {};  // a lane each
  for (int i = 0; i < queries; ++i) {
    q[i] = tile.q[first + i];
    out[i] = tile.out[first + i];
  }
  Floats scores[queries][2];
  score<Kv, queries>(args, chunk, q, scores);
  float probabilities[queries * attention_chunk];
  soften<queries>(scores, count, tile.max + first, tile.sum + first, probabilities, carry);
  float weights[queries * attention_chunk];
  for (int64_t d = 0; d < head_dim; d += quant_group) {
    const float* p = weigh<Kv, queries>(chunk, d, probabilities, weights);
    const int64_t left = head_dim - d;
    if (left >= 32) {
      add_values<Kv, queries, 2, true>(chunk.values, count, head_dim, d, 32, p, carry, out);
      continue;
    }
    const int64_t tail = left % 16;
    if (left >= 16) add_values<Kv, queries, 1, true>(chunk.values, count, head_dim, d, 16, p, carry, out);
    if (tail > 0) {
      add_values<Kv, queries, 1, false>(chunk.values, count, head_dim, head_dim - tail, tail, p, carry, out);
    }
  }
}

// REQUIRES: 1 <= queries <= queries_max.
template <typename Kv, int queries_max>
void attend_some(const AttentionArgs& args, const KvChunk<Kv>& chunk, int64_t count, AttentionTile& tile, int64_t first,
                 int64_t queries) {
  if (queries == queries_max) return attend_chunk<Kv, queries_max>(args, chunk, count, tile, first);
  if constexpr (queries_max > 1) attend_some<Kv, queries_max - 1>(args, chunk, count, tile, first, queries);
}

// Queries [first, end) of the tile meet the first `count` positions of a chunk.
template <typename Kv>
void attend_all(const AttentionArgs& args, const KvChunk<Kv>& chunk, int64_t count, AttentionTile& tile, int64_t first,
                int64_t end) {
  for (; first < end; first += attention_queries) {
    const int64_t queries = end - first < attention_queries ? end - first : attention_queries;
    attend_some<Kv, attention_queries>(args, chunk, count, tile, first, queries);
  }
}

// Queries [first, end) of the tile, of one sequence and in ascending order, meet its chunks from position `begin` on.
template <typename Kv>
void attend_sequence(const AttentionArgs& args, AttentionTile& tile, int64_t first, int64_t end, int64_t begin) {
  const int64_t* position = tile.position;
  for (; begin <= position[end - 1]; begin += attention_chunk) {
    const KvChunk<Kv> chunk = find_chunk<Kv>(args.layer, tile.blocks[first], args.kv_head, begin);
    while (position[first] < begin) ++first;
    int64_t next = first;
    while (next < end && position[next] < begin + attention_chunk - 1) {  // sees a part of it
      int64_t row_end = next + 1;
      while (row_end < end && position[row_end] == position[next]) ++row_end;
      attend_all(args, chunk, position[next] - begin + 1, tile, next, row_end);
      next = row_end;
    }
    attend_all(args, chunk, attention_chunk, tile, next, end);
  }
}

template <typename Kv>
void attend_tile(const AttentionArgs& args, AttentionTile& tile) {
  const int64_t head_dim = args.layer.head_dim;
  for (int64_t query = 0; query < tile.count; ++query) {
    tile.max[query] = -__builtin_inff();
    tile.sum[query] = 0.0F;
    for (int64_t d = 0; d < head_dim; ++d) tile.out[query][d] = 0.0F;
  }
  for (int64_t begin = 0; begin < args.shared_tokens; begin += attention_chunk) {
    const KvChunk<Kv> chunk = find_chunk<Kv>(args.layer, tile.blocks[0], args.kv_head, begin);
    attend_all(args, chunk, attention_chunk, tile, 0, tile.count);
  }
  for (int64_t first = 0, end = 0; first < tile.count; first = end) {
    do {
      ++end;
    } while (end < tile.count && tile.blocks[end] == tile.blocks[first] &&
             tile.position[end] >= tile.position[end - 1]);
    attend_sequence<Kv>(args, tile, first, end, args.shared_tokens);
  }
  for (int64_t query = 0; query < tile.count; ++query) {
    float* out = tile.out[query];
    for (int64_t d = 0; d < head_dim; ++d) out[d] = out[d] / tile.sum[query];
  }
}

template <typename Kv>
void attention_type(const AttentionArgs& args) {
  AttentionTile tile;
  for (const RowRun* run = args.runs; run < args.runs + args.run_count; ++run) {
    for (int64_t query = 0; query < run->rows * args.group; ++query) {
      const int64_t row = query / args.group;
      const int64_t element = (args.kv_head * args.group + query % args.group) * args.layer.head_dim;
      tile.q[tile.count] = args.q + (run->row_begin + row) * args.q_stride + element;
      tile.out[tile.count] = args.out + (run->row_begin + row) * args.out_stride + element;
      tile.blocks[tile.count] = run->blocks;
      tile.position[tile.count] = run->position + row;
      if (++tile.count < attention_tile_queries) continue;
      attend_tile<Kv>(args, tile);
      tile.count = 0;
    }
  }
  if (tile.count > 0) attend_tile<Kv>(args, tile);
}

void attention_lanes(const AttentionArgs& args) {
  if (args.layer.type == ElementType::q8_0) return attention_type<KvQ8_0>(args);
  attention_type<KvF16>(args);
}

}  // namespace
}  // namespace quire
