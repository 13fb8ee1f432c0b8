// Attention in lanes. A tile of queries walks the chunks once; a chunk meets up to attention_queries of them at a time,
// so that its keys and values are read from memory once, converted once for each of those, and otherwise found in the
// first-level cache.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/kernels.h"
#include "kernels/lanes/kv_elements.h"
#include "kernels/lanes/latent_values.h"
#include "kernels/lanes/math.h"

namespace quire {
namespace {

// Positions [first, end) of a chunk: those that its queries see.
struct ChunkPart {
  int64_t first = 0;
  int64_t end = 0;
};

constexpr ChunkPart whole_chunk = {.first = 0, .end = attention_chunk};

QUIRE_LEAF_INLINE bool same_part(ChunkPart a, ChunkPart b) { return a.first == b.first && a.end == b.end; }

// Queries of consecutive rows of the runs: a query is a row and a head of the group.
struct AttentionTile {
  int64_t count = 0;
  const float* q[attention_tile_queries];
  float* out[attention_tile_queries];
  const int32_t* blocks[attention_tile_queries];
  int64_t head[attention_tile_queries];
  int64_t seen_begin[attention_tile_queries];  // positions that it sees
  int64_t seen_end[attention_tile_queries];
  float max[attention_tile_queries];
  float sum[attention_tile_queries];
  void* laid_out;  // (32, latent_dim) elements: a chunk's values, of latents
};

// sums = q k of elements [begin, end) of the head, for vectors * 16 positions. keys: (head_dim, 32).
template <typename Kv, int queries, int vectors>
QUIRE_LEAF_INLINE void multiply_keys(const typename Kv::Element* keys, int64_t begin, int64_t end,
                                     const float* const (&q)[queries], Floats (&sums)[queries][vectors]) {
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sums[i][v] = zeros();
  }
  for (int64_t d = begin; d < end; ++d) {
    Floats row[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) row[v] = Kv::load(keys + d * attention_chunk + 16 * v);
#pragma GCC unroll 8
    for (int i = 0; i < queries; ++i) {
      const Floats element = broadcast(q[i][d]);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) sums[i][v] = fma(element, row[v], sums[i][v]);
    }
  }
}

// The same for the whole head, of which each group has a scale for each position.
template <typename Kv, int queries, int vectors>
QUIRE_LEAF_INLINE void multiply_scaled_keys(const KvChunk<Kv>& chunk, int64_t head_dim, int64_t lane,
                                            const float* const (&q)[queries], Floats (&sums)[queries][vectors]) {
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sums[i][v] = zeros();
  }
  for (int64_t d = 0; d < head_dim; d += quant_group) {
    Floats group_sums[queries][vectors];
    const int64_t end = head_dim - d < quant_group ? head_dim : d + quant_group;
    multiply_keys<Kv>(chunk.keys + lane, d, end, q, group_sums);
    const uint16_t* scales = chunk.key_scales + d / quant_group * attention_chunk + lane;
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      const Floats scale = load_f16(scales + 16 * v);
#pragma GCC unroll 8
      for (int i = 0; i < queries; ++i) sums[i][v] = fma(scale, group_sums[i][v], sums[i][v]);
    }
  }
}

// scores (queries, 32) = scale * q k.
template <typename Kv, int queries>
QUIRE_LEAF_INLINE void score(const AttentionArgs& args, const KvChunk<Kv>& chunk, const float* const (&q)[queries],
                             float (&scores)[queries * attention_chunk]) {
  constexpr int vectors = attention_vectors(queries);
  const int64_t head_dim = args.layer.head_dim;
  const Floats scale = broadcast(args.scale);
  for (int64_t lane = 0; lane < attention_chunk; lane += 16 * vectors) {
    Floats sums[queries][vectors];
    if constexpr (Kv::scaled) {
      multiply_scaled_keys<Kv>(chunk, head_dim, lane, q, sums);
    } else {
      multiply_keys<Kv>(chunk.keys + lane, 0, head_dim, q, sums);
    }
#pragma GCC unroll 8
    for (int i = 0; i < queries; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) {
        store(scores + i * attention_chunk + lane + 16 * v, multiply(sums[i][v], scale));
      }
    }
  }
}

template <int queries>
QUIRE_LEAF_INLINE void cap(float (&scores)[queries * attention_chunk], float softcap) {
  for (int at = 0; at < queries * attention_chunk; at += 16) store(scores + at, capped(load(scores + at), softcap));
}

// Positions before `first` are not seen.
template <int queries>
QUIRE_LEAF_INLINE void hide_first(float (&scores)[queries * attention_chunk], int64_t first) {
  for (int i = 0; i < queries; ++i) {
    for (int64_t position = 0; position < first; ++position) scores[i * attention_chunk + position] = -__builtin_inff();
  }
}

// Scores become p (0 where no position is); max and sum move on. carry is what earlier sums are multiplied with.
template <int queries>
QUIRE_LEAF_INLINE void soften(float (&scores)[queries * attention_chunk], int64_t count, float* max_scores, float* sums,
                              float (&carry)[16]) {
  const Floats nothing = broadcast(-__builtin_inff());
  float next[queries];
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) {
    const Floats low = keep_first(load(scores + i * attention_chunk), count, nothing);
    const Floats high = keep_first(load(scores + i * attention_chunk + 16), count - 16, nothing);
    const float chunk_max = max_lane(max(low, high));
    next[i] = max_scores[i] < chunk_max ? chunk_max : max_scores[i];
    carry[i] = max_scores[i] - next[i];
    max_scores[i] = next[i];
  }
  store(carry, exp_lanes(load(carry)));
#pragma GCC unroll 8
  for (int i = 0; i < queries; ++i) {
    float* p = scores + i * attention_chunk;
    const Floats low = keep_first(exp_lanes(subtract(load(p), broadcast(next[i]))), count, zeros());
    const Floats high = keep_first(exp_lanes(subtract(load(p + 16), broadcast(next[i]))), count - 16, zeros());
    store(p, low);
    store(p + 16, high);
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

// out[d] = out[d] * carry + p v over a part of the chunk's positions, for `vectors` * 16 elements from d on, or the
// `left` that exist of 16 that are not whole. values: (32, value_dim).
template <typename Kv, int queries, int vectors, bool whole>
QUIRE_LEAF_INLINE void add_values(const typename Kv::Element* values, ChunkPart part, int64_t value_dim, int64_t d,
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
  for (int64_t position = part.first; position < part.end; ++position) {
    Floats row[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      const auto* at = values + position * value_dim + d + 16 * v;
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

// Queries [first, first + queries) of the tile meet a part of a chunk; whole: all of it.
template <typename Kv, int queries, bool whole>
void attend_chunk(const AttentionArgs& args, const KvChunk<Kv>& chunk, ChunkPart some, AttentionTile& tile,
                  int64_t first) {
  constexpr int vectors = attention_vectors(queries);
  const ChunkPart part = whole ? whole_chunk : some;
  const int64_t value_dim = quire::value_dim(args.layer);
  const float* q[queries];
  float* out[queries];
  float carry[16] = {};  // a lane each
  for (int i = 0; i < queries; ++i) {
    q[i] = tile.q[first + i];
    out[i] = tile.out[first + i];
  }
  float scores[queries * attention_chunk];
  score<Kv, queries>(args, chunk, q, scores);
  if (args.softcap > 0.0F) cap<queries>(scores, args.softcap);
  if (!whole && part.first > 0) hide_first<queries>(scores, part.first);
  soften<queries>(scores, part.end, tile.max + first, tile.sum + first, carry);
  float weights[queries * attention_chunk];
  for (int64_t d = 0; d < value_dim; d += quant_group) {
    const float* p = weigh<Kv, queries>(chunk, d, scores, weights);
    int64_t at = d;
    const int64_t end = value_dim - d < quant_group ? value_dim : d + quant_group;
    for (; at + 16 * vectors <= end; at += 16 * vectors) {
      add_values<Kv, queries, vectors, true>(chunk.values, part, value_dim, at, 0, p, carry, out);
    }
    for (; at < end; at += 16) {
      if (end - at >= 16) {
        add_values<Kv, queries, 1, true>(chunk.values, part, value_dim, at, 0, p, carry, out);
      } else {
        add_values<Kv, queries, 1, false>(chunk.values, part, value_dim, at, end - at, p, carry, out);
      }
    }
  }
}

// REQUIRES: 1 <= queries <= queries_max.
template <typename Kv, int queries_max>
void attend_some(const AttentionArgs& args, const KvChunk<Kv>& chunk, ChunkPart part, AttentionTile& tile,
                 int64_t first, int64_t queries) {
  if (queries == queries_max) {
    return same_part(part, whole_chunk) ? attend_chunk<Kv, queries_max, true>(args, chunk, part, tile, first)
                                        : attend_chunk<Kv, queries_max, false>(args, chunk, part, tile, first);
  }
  if constexpr (queries_max > 1) attend_some<Kv, queries_max - 1>(args, chunk, part, tile, first, queries);
}

// Queries [first, end) of the tile meet a part of a chunk.
template <typename Kv>
void attend_all(const AttentionArgs& args, const KvChunk<Kv>& chunk, ChunkPart part, AttentionTile& tile, int64_t first,
                int64_t end) {
  for (; first < end; first += attention_queries) {
    const int64_t queries = end - first < attention_queries ? end - first : attention_queries;
    attend_some<Kv, attention_queries>(args, chunk, part, tile, first, queries);
  }
}

// What the next chunk holds comes into the second level while this one is computed: blocks lie anywhere, and the
// processor's own prefetching ends with each page.
template <typename Kv>
QUIRE_LEAF_INLINE void prefetch_chunk(const KvChunk<Kv>& chunk, int64_t head_dim) {
  constexpr int64_t line = 64;
  const int64_t size_bytes = attention_chunk * head_dim * static_cast<int64_t>(sizeof(typename Kv::Element));
  const auto* const keys = reinterpret_cast<const uint8_t*>(chunk.keys);
  const auto* const values = reinterpret_cast<const uint8_t*>(chunk.values);
  for (int64_t at = 0; at < size_bytes; at += line) __builtin_prefetch(keys + at, 0, 2);
  if (values == nullptr) return;
  for (int64_t at = 0; at < size_bytes; at += line) __builtin_prefetch(values + at, 0, 2);
}

// What a query sees of the chunk at `begin`; from the chunk's end on: nothing.
QUIRE_LEAF_INLINE ChunkPart part_seen(const AttentionTile& tile, int64_t query, int64_t begin) {
  const int64_t first = tile.seen_begin[query] > begin ? tile.seen_begin[query] - begin : 0;
  const int64_t end = tile.seen_end[query] - begin;
  return {first < attention_chunk ? first : attention_chunk, end < attention_chunk ? end : attention_chunk};
}

// The chunk of a position of one of the tile's sequences, with its values.
template <typename Kv>
QUIRE_LEAF_INLINE KvChunk<Kv> read_chunk(const AttentionArgs& args, const AttentionTile& tile, const int32_t* blocks,
                                         int64_t position) {
  KvChunk<Kv> chunk = find_chunk<Kv>(args.layer, blocks, args.kv_head, position);
  if (args.layer.latent_dim > 0) {
    chunk.values = static_cast<typename Kv::Element*>(tile.laid_out);
    lay_out_values(chunk.keys, args.layer.latent_dim, chunk.values);
  }
  return chunk;
}

// Queries [first, end) of the tile, of one sequence and in ascending order, meet its chunks from position `begin` on.
template <typename Kv>
void attend_sequence(const AttentionArgs& args, AttentionTile& tile, int64_t first, int64_t end, int64_t begin) {
  const int64_t* seen_end = tile.seen_end;
  for (; begin < seen_end[end - 1]; begin += attention_chunk) {
    const KvChunk<Kv> chunk = read_chunk<Kv>(args, tile, tile.blocks[first], begin);
    if (begin + attention_chunk < seen_end[end - 1]) {
      prefetch_chunk(find_chunk<Kv>(args.layer, tile.blocks[first], args.kv_head, begin + attention_chunk),
                     args.layer.head_dim);
    }
    while (seen_end[first] <= begin) ++first;
    for (int64_t next = first; next < end;) {
      const ChunkPart part = part_seen(tile, next, begin);
      if (part.first == attention_chunk) break;  // nor do those behind it see any
      int64_t last = next;                       // that sees the same part
      while (last + 1 < end && same_part(part_seen(tile, last + 1, begin), part)) ++last;
      attend_all(args, chunk, part, tile, next, last + 1);
      next = last + 1;
    }
  }
}

// Which positions the query sees that is `position` in the run's sequence.
QUIRE_LEAF_INLINE void see(const AttentionArgs& args, const RowRun& run, int64_t position, AttentionTile& tile,
                           int64_t query) {
  const int64_t end = position + 1 + args.after;
  tile.seen_begin[query] = args.window > 0 && end > args.window ? end - args.window : 0;
  tile.seen_end[query] = end < run.end ? end : run.end;
}

// A sink's share; returns what acc is multiplied with.
QUIRE_LEAF_INLINE float join_sink(float sink, float max, float& sum) {
  const float top = max < sink ? sink : max;
  float scores[16] = {max - top, sink - top};
  store(scores, exp_lanes(load(scores)));
  sum = __builtin_fmaf(sum, scores[0], scores[1]);
  return scores[0];
}

template <typename Kv>
void attend_tile(const AttentionArgs& args, AttentionTile& tile) {
  const int64_t value_dim = quire::value_dim(args.layer);
  for (int64_t query = 0; query < tile.count; ++query) {
    tile.max[query] = -__builtin_inff();
    tile.sum[query] = 0.0F;
    for (int64_t d = 0; d < value_dim; ++d) tile.out[query][d] = 0.0F;
  }
  for (int64_t begin = 0; begin < args.shared_tokens; begin += attention_chunk) {
    const KvChunk<Kv> chunk = read_chunk<Kv>(args, tile, tile.blocks[0], begin);
    attend_all(args, chunk, whole_chunk, tile, 0, tile.count);
  }
  for (int64_t first = 0, end = 0; first < tile.count; first = end) {
    do {
      ++end;
    } while (end < tile.count && tile.blocks[end] == tile.blocks[first] &&
             tile.seen_end[end] >= tile.seen_end[end - 1] && tile.seen_begin[end] >= tile.seen_begin[end - 1]);
    const int64_t seen_begin = tile.seen_begin[first] / attention_chunk * attention_chunk;
    const int64_t begin = seen_begin < args.shared_tokens ? args.shared_tokens : seen_begin;
    attend_sequence<Kv>(args, tile, first, end, begin);
  }
  for (int64_t query = 0; query < tile.count; ++query) {
    float* out = tile.out[query];
    float carry = 1.0F;
    if (args.sinks != nullptr) carry = join_sink(args.sinks[tile.head[query]], tile.max[query], tile.sum[query]);
    for (int64_t d = 0; d < value_dim; ++d) out[d] = out[d] * carry / tile.sum[query];
  }
}

template <typename Kv>
void attend_runs(const AttentionArgs& args, void* laid_out) {
  AttentionTile tile;
  tile.laid_out = laid_out;
  for (const RowRun* run = args.runs; run < args.runs + args.run_count; ++run) {
    for (int64_t query = 0; query < run->rows * args.group; ++query) {
      const int64_t row = query / args.group;
      const int64_t head = args.kv_head * args.group + query % args.group;
      tile.q[tile.count] = args.q + (run->row_begin + row) * args.q_stride + head * args.layer.head_dim;
      tile.out[tile.count] = args.out + (run->row_begin + row) * args.out_stride + head * value_dim(args.layer);
      tile.blocks[tile.count] = run->blocks;
      tile.head[tile.count] = head;
      see(args, *run, run->position + row, tile, tile.count);
      if (++tile.count < attention_tile_queries) continue;
      attend_tile<Kv>(args, tile);
      tile.count = 0;
    }
  }
  if (tile.count > 0) attend_tile<Kv>(args, tile);
}

template <typename Kv>
void attend_latents(const AttentionArgs& args) {
  alignas(64) typename Kv::Element laid_out[attention_chunk * latent_dim_max];
  attend_runs<Kv>(args, laid_out);
}

template <typename Kv>
void attention_type(const AttentionArgs& args) {
  args.layer.latent_dim > 0 ? attend_latents<Kv>(args) : attend_runs<Kv>(args, nullptr);
}

void attention_lanes(const AttentionArgs& args) {
  if (args.layer.type == ElementType::q8_0) return attention_type<KvQ8_0>(args);
  attention_type<KvF16>(args);
}

}  // namespace
}  // namespace quire
