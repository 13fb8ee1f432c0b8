// Attention and KV writes in lanes. Queries are numbered row * group + head of the group. A tile of them walks the
// chunks once; a chunk meets up to attention_queries of them at a time, so that its keys and values are read from
// memory once, converted once for each of those, and otherwise found in the first-level cache.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/kernels.h"
#include "kernels/lanes/math.h"

namespace quire {
namespace {

constexpr int64_t tile_queries = 32;  // 4 KiB of scores; 32 queries make a chunk's 16 KiB (head_dim 128) worth reading

struct AttentionTile {
  float max[tile_queries];
  float sum[tile_queries];
  float scores[tile_queries][attention_chunk];
};

// A chunk's keys (head_dim, 32) and values (32, head_dim), of which `count` positions exist for the queries at hand.
struct Chunk {
  const uint16_t* keys;
  const uint16_t* values;
  int64_t count;
};

QUIRE_LEAF_INLINE int64_t block_elements(const KvLayer& layer) {
  return layer.kv_heads * layer.block_tokens * layer.head_dim;
}

QUIRE_LEAF_INLINE Chunk find_chunk(const AttentionArgs& args, int64_t position) {
  const KvLayer& layer = args.layer;
  const int64_t offset = args.blocks[position / layer.block_tokens] * block_elements(layer) +
                         (args.kv_head * layer.block_tokens + position % layer.block_tokens) * layer.head_dim;
  return {layer.keys + offset, layer.values + offset, attention_chunk};
}

QUIRE_LEAF_INLINE int64_t element_of(const AttentionArgs& args, int64_t query, int64_t stride) {
  return query / args.group * stride + (args.kv_head * args.group + query % args.group) * args.layer.head_dim;
}

// scores = scale * q k for the chunk's positions.
template <int queries>
QUIRE_LEAF_INLINE void score(const AttentionArgs& args, const Chunk& chunk, const float* const (&q)[queries],
                             Floats (&scores)[queries][2]) {
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) scores[i][0] = scores[i][1] = zeros();
  for (int64_t d = 0; d < args.layer.head_dim; ++d) {
    const Floats low = load_f16(chunk.keys + d * attention_chunk);
    const Floats high = load_f16(chunk.keys + d * attention_chunk + 16);
#pragma GCC unroll 8
    for (int i = 0; i < queries; ++i) {
      const Floats element = broadcast(q[i][d]);
      scores[i][0] = fma(element, low, scores[i][0]);
      scores[i][1] = fma(element, high, scores[i][1]);
    }
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
                              float (*p)[attention_chunk], float (&carry)[16]) {
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
    store(p[i], low);
    store(p[i] + 16, high);
    sums[i] = __builtin_fmaf(sums[i], carry[i], tree_sum(add(low, high)));
  }
}

// out[d] = out[d] * carry + p v for `vectors` * 16 elements from d on, the last `left` of which exist.
template <int queries, int vectors, bool whole>
QUIRE_LEAF_INLINE void add_values(const Chunk& chunk, int64_t head_dim, int64_t d, int64_t left, const float* p,
                                  const float (&carry)[16], float* const (&out)[queries]) {
  Floats acc[queries][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      const float* at = out[i] + d + 16 * v;
      acc[i][v] = multiply(whole ? load(at) : load_first(at, left), broadcast(carry[i]));
    }
  }
  for (int64_t position = 0; position < chunk.count; ++position) {
    Floats values[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      const uint16_t* at = chunk.values + position * head_dim + d + 16 * v;
      values[v] = whole ? load_f16(at) : load_f16_first(at, left);
    }
#pragma GCC unroll 8
    for (int i = 0; i < queries; ++i) {
      const Floats weight = broadcast(p[i * attention_chunk + position]);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) acc[i][v] = fma(weight, values[v], acc[i][v]);
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

// Queries [first, first + queries) of the tile that begins at query `base` meet a chunk.
template <int queries>
void attend_chunk(const AttentionArgs& args, const Chunk& chunk, AttentionTile& tile, int64_t base, int64_t first) {
  const int64_t head_dim = args.layer.head_dim;
  const float* q[queries];
  float* out[queries];
  float carry[16] = {};  // a lane each
  for (int i = 0; i < queries; ++i) {
    q[i] = args.q + element_of(args, base + first + i, args.q_stride);
    out[i] = args.out + element_of(args, base + first + i, args.out_stride);
  }
  Floats scores[queries][2];
  score<queries>(args, chunk, q, scores);
  soften<queries>(scores, chunk.count, tile.max + first, tile.sum + first, tile.scores + first, carry);
  const float* p = tile.scores[first];
  int64_t d = 0;
  for (; d + 32 <= head_dim; d += 32) add_values<queries, 2, true>(chunk, head_dim, d, 32, p, carry, out);
  for (; d + 16 <= head_dim; d += 16) add_values<queries, 1, true>(chunk, head_dim, d, 16, p, carry, out);
  if (d < head_dim) add_values<queries, 1, false>(chunk, head_dim, d, head_dim - d, p, carry, out);
}

// REQUIRES: 1 <= queries <= queries_max.
template <int queries_max>
void attend_some(const AttentionArgs& args, const Chunk& chunk, AttentionTile& tile, int64_t base, int64_t first,
                 int64_t queries) {
  if (queries == queries_max) return attend_chunk<queries_max>(args, chunk, tile, base, first);
  if constexpr (queries_max > 1) attend_some<queries_max - 1>(args, chunk, tile, base, first, queries);
}

void attend_all(const AttentionArgs& args, const Chunk& chunk, AttentionTile& tile, int64_t base, int64_t first,
                int64_t end) {
  for (int64_t at = first; at < end; at += attention_queries) {
    const int64_t queries = end - at < attention_queries ? end - at : attention_queries;
    attend_some<attention_queries>(args, chunk, tile, base, at, queries);
  }
}

// Queries [base, end).
void attend_tile(const AttentionArgs& args, AttentionTile& tile, int64_t base, int64_t end) {
  const int64_t head_dim = args.layer.head_dim;
  for (int64_t query = base; query < end; ++query) {
    tile.max[query - base] = -__builtin_inff();
    tile.sum[query - base] = 0.0F;
    float* out = args.out + element_of(args, query, args.out_stride);
    for (int64_t d = 0; d < head_dim; ++d) out[d] = 0.0F;
  }
  const int64_t last = args.position + (end - 1) / args.group;
  int64_t query = base;  // the first that sees the chunk
  for (int64_t begin = 0; begin <= last; begin += attention_chunk) {
    Chunk chunk = find_chunk(args, begin);
    while (args.position + query / args.group < begin) ++query;
    int64_t next = query;
    while (next < end && args.position + next / args.group < begin + attention_chunk - 1) {  // sees a part of it
      const int64_t row = next / args.group;
      const int64_t row_end = (row + 1) * args.group < end ? (row + 1) * args.group : end;
      chunk.count = args.position + row - begin + 1;
      attend_all(args, chunk, tile, base, next - base, row_end - base);
      next = row_end;
    }
    chunk.count = attention_chunk;
    attend_all(args, chunk, tile, base, next - base, end - base);
  }
  for (query = base; query < end; ++query) {
    float* out = args.out + element_of(args, query, args.out_stride);
    for (int64_t d = 0; d < head_dim; ++d) out[d] = out[d] / tile.sum[query - base];
  }
}

void attention_lanes(const AttentionArgs& args) {
  AttentionTile tile;
  const int64_t queries = args.rows * args.group;
  for (int64_t base = 0; base < queries; base += tile_queries) {
    attend_tile(args, tile, base, queries - base < tile_queries ? queries : base + tile_queries);
  }
}

void kv_write_lanes(const KvWriteArgs& args) {
  const KvLayer& layer = args.layer;
  const int64_t in_block = args.position % layer.block_tokens;
  const int64_t block = args.blocks[args.position / layer.block_tokens] * block_elements(layer);
  for (int64_t head = 0; head < layer.kv_heads; ++head) {
    const float* k = args.k + head * layer.head_dim;
    const float* v = args.v + head * layer.head_dim;
    const int64_t head_offset = block + head * layer.block_tokens * layer.head_dim;
    const int64_t chunk_offset = in_block / attention_chunk * attention_chunk * layer.head_dim;
    uint16_t* keys = layer.keys + head_offset + chunk_offset + in_block % attention_chunk;
    uint16_t* values = layer.values + head_offset + in_block * layer.head_dim;
    for (int64_t d = 0; d < layer.head_dim; d += 16) {
      const int64_t n = layer.head_dim - d < 16 ? layer.head_dim - d : 16;
      uint16_t halves[16];
      store_f16_first(halves, load_first(k + d, n), 16);
      for (int64_t i = 0; i < n; ++i) keys[(d + i) * attention_chunk] = halves[i];
      store_f16_first(values + d, load_first(v + d, n), n);
    }
  }
}

}  // namespace
}  // namespace quire
