// Attention in lanes. Queries are numbered row * group + head of the group. A tile of them walks the
// chunks once; a chunk meets up to attention_queries of them at a time, so that its keys and values are read from
// memory once, converted once for each of those, and otherwise found in the first-level cache.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/kernels.h"
#include "kernels/lanes/kv_elements.h"
#include "kernels/lanes/math.h"

namespace quire {
namespace {

constexpr int64_t tile_queries = 32;  // 4 KiB of scores; 32 queries make a chunk's 16 KiB (head_dim 128) worth reading

struct AttentionTile {
  float max[tile_queries];
  float sum[tile_queries];
  float scores[tile_queries][attention_chunk];
};

QUIRE_LEAF_INLINE int64_t element_of(const AttentionArgs& args, int64_t query, int64_t stride) {
  return query / args.group * stride + (args.kv_head * args.group + query % args.group) * args.layer.head_dim;
}

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

// Queries [first, first + queries) of the tile that begins at query `base` meet the first `count` positions of a chunk.
template <typename Kv, int queries>
void attend_chunk(const AttentionArgs& args, const KvChunk<Kv>& chunk, int64_t count, AttentionTile& tile, int64_t base,
                  int64_t first) {
  const int64_t head_dim = args.layer.head_dim;
  const float* q[queries];
  float* out[queries];
  float carry[16] = {};  // a lane each
  for (int i = 0; i < queries; ++i) {
    q[i] = args.q + element_of(args, base + first + i, args.q_stride);
    out[i] = args.out + element_of(args, base + first + i, args.out_stride);
  }
  Floats scores[queries][2];
  score<Kv, queries>(args, chunk, q, scores);
  soften<queries>(scores, count, tile.max + first, tile.sum + first, tile.scores + first, carry);
  float weights[queries * attention_chunk];
  for (int64_t d = 0; d < head_dim; d += quant_group) {
    const float* p = weigh<Kv, queries>(chunk, d, tile.scores[first], weights);
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
void attend_some(const AttentionArgs& args, const KvChunk<Kv>& chunk, int64_t count, AttentionTile& tile, int64_t base,
                 int64_t first, int64_t queries) {
  if (queries == queries_max) return attend_chunk<Kv, queries_max>(args, chunk, count, tile, base, first);
  if constexpr (queries_max > 1) attend_some<Kv, queries_max - 1>(args, chunk, count, tile, base, first, queries);
}

template <typename Kv>
void attend_all(const AttentionArgs& args, const KvChunk<Kv>& chunk, int64_t count, AttentionTile& tile, int64_t base,
                int64_t first, int64_t end) {
  for (int64_t at = first; at < end; at += attention_queries) {
    const int64_t queries = end - at < attention_queries ? end - at : attention_queries;
    attend_some<Kv, attention_queries>(args, chunk, count, tile, base, at, queries);
  }
}

// Queries [base, end).
template <typename Kv>
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
    const KvChunk<Kv> chunk = find_chunk<Kv>(args.layer, args.blocks, args.kv_head, begin);
    while (args.position + query / args.group < begin) ++query;
    int64_t next = query;
    while (next < end && args.position + next / args.group < begin + attention_chunk - 1) {  // sees a part of it
      const int64_t row = next / args.group;
      const int64_t row_end = (row + 1) * args.group < end ? (row + 1) * args.group : end;
      attend_all(args, chunk, args.position + row - begin + 1, tile, base, next - base, row_end - base);
      next = row_end;
    }
    attend_all(args, chunk, attention_chunk, tile, base, next - base, end - base);
  }
  for (query = base; query < end; ++query) {
    float* out = args.out + element_of(args, query, args.out_stride);
    for (int64_t d = 0; d < head_dim; ++d) out[d] = out[d] / tile.sum[query - base];
  }
}

template <typename Kv>
void attention_type(const AttentionArgs& args) {
  AttentionTile tile;
  const int64_t queries = args.rows * args.group;
  for (int64_t base = 0; base < queries; base += tile_queries) {
    attend_tile<Kv>(args, tile, base, queries - base < tile_queries ? queries : base + tile_queries);
  }
}

void attention_lanes(const AttentionArgs& args) {
  if (args.layer.type == ElementType::q8_0) return attention_type<KvQ8_0>(args);
  attention_type<KvF16>(args);
}

}  // namespace
}  // namespace quire
