// Attention of rows over the positions that they see, in the written order (kernels/kernels.h: AttentionArgs).
#pragma once

#include "kernels/gpu/kv.h"

namespace quire::gpu {

// A chunk's weights p, its largest score and what it does to the sum, for who splits a query's positions.
struct AttentionScratch {
  float* p = nullptr;       // (rows, heads, chunks_max, 32): scores, then weights
  float* maxima = nullptr;  // (rows, heads, chunks_max)
  float* carries = nullptr;
  float* sums = nullptr;
  int64_t chunks_max = 0;  // the most chunks that a row of the step sees
};

struct AttentionArgs {
  KvLayer layer;
  const RowPlace* rows = nullptr;  // (row_count)
  int64_t row_count = 0;
  int64_t heads = 0;         // query heads, a multiple of the KV heads
  const float* q = nullptr;  // (row_count, heads, head_dim)
  float* out = nullptr;      // (row_count, heads, value_dim); overlaps nothing
  float scale = 0.0F;
  int64_t window = 0;  // as KernelTable::attention has these
  int64_t after = 0;
  float softcap = 0.0F;
  const float* sinks = nullptr;  // (heads); null: none
  AttentionScratch scratch;      // of those that split positions
};

// Query heads of a row that read the same keys and values, up to `heads_max` of a block; of fewer than that, the last
// one takes the place of those that are not there.
struct Queries {
  int64_t first;  // of the row's heads in q and out, among all rows'
  int64_t head;   // the same among the row's
  int count;
  int64_t kv_head;
  RowPlace place;
  scalar::Seen seen;
  int64_t first_chunk;  // the position with which the first chunk begins
};

inline int64_t group_of(const AttentionArgs& args) { return args.heads / args.layer.kv_heads; }

// How often heads_max query heads make up what reads all KV heads of all rows.
inline int64_t query_tasks(const AttentionArgs& args, int64_t heads_max) {
  return args.row_count * args.layer.kv_heads * ceil_div(group_of(args), heads_max);
}

inline Queries queries_of(const AttentionArgs& args, int64_t task, int heads_max) {
  const auto group = static_cast<uint32_t>(group_of(args)), kv_heads = static_cast<uint32_t>(args.layer.kv_heads);
  const auto parts = static_cast<uint32_t>(ceil_div(group, heads_max)), index = static_cast<uint32_t>(task);
  const uint32_t part = index % parts, kv_head = index / parts % kv_heads, row = index / parts / kv_heads;
  const RowPlace place = args.rows[row];
  const scalar::Seen seen = scalar::seen_from(place.position, args.window, args.after, place.end);
  const int64_t head = int64_t{kv_head} * group + int64_t{part} * heads_max;
  return {.first = row * args.heads + head,
          .head = head,
          .count = static_cast<int>(min_of(heads_max, group - int64_t{part} * heads_max)),
          .kv_head = kv_head,
          .place = place,
          .seen = seen,
          .first_chunk = seen.begin / attention_chunk * attention_chunk};
}

// Of the i-th of them.
inline int64_t query_at(const Queries& queries, int i) { return queries.first + min_of(i, queries.count - 1); }

inline int64_t chunks_of(const Queries& queries) {
  return ceil_div(queries.seen.end - queries.first_chunk, attention_chunk);
}

// A chunk of 32 positions, of which the queries see [first, end).
struct SeenChunk {
  int64_t offset;  // of its keys and values
  int first;
  int end;
};

inline SeenChunk chunk_at(const KvLayer& layer, const Queries& queries, int64_t begin) {
  return {.offset = scalar::chunk_offset(layer, queries.place.blocks, queries.kv_head, begin),
          .first = static_cast<int>(max_of(0, queries.seen.begin - begin)),
          .end = static_cast<int>(min_of(attention_chunk, queries.seen.end - begin))};
}

inline bool sees(const SeenChunk& chunk, int position) { return position >= chunk.first && position < chunk.end; }

// The scores of this lane's position; minus infinity where the queries do not see it. A key is read once for all.
template <ElementType type, int heads_max>
inline void score(const AttentionArgs& args, const KvLayer& layer, const Queries& queries, const SeenChunk& chunk,
                  float (&scores)[heads_max]) {
  for (float& one : scores) one = scalar::minus_infinity;
  if (!sees(chunk, lane_index())) return;
  const scalar::ChunkHalf keys(layer, layer.keys + chunk.offset, true);
  const float* q[heads_max];
  float sums[heads_max] = {};
  QUIRE_GPU_UNROLL
  for (int h = 0; h < heads_max; ++h) q[h] = args.q + query_at(queries, h) * layer.head_dim;
  constexpr bool has_scales = type != ElementType::f16;
  const int64_t run = has_scales ? quant_group : layer.head_dim;  // elements that are added up before a scale
  for (int64_t begin = 0; begin < layer.head_dim; begin += run) {
    const int64_t end = min_of(begin + run, layer.head_dim);
    float products[heads_max] = {};
    for (int64_t d = begin; d < end; ++d) {
      const float key = keys.value(lane_index(), d);
      QUIRE_GPU_UNROLL
      for (int h = 0; h < heads_max; ++h) products[h] = std::fma(q[h][d], key, products[h]);
    }
    const float scale = has_scales ? keys.scale(lane_index(), begin) : 1.0F;
    QUIRE_GPU_UNROLL
    for (int h = 0; h < heads_max; ++h) sums[h] = has_scales ? std::fma(scale, products[h], sums[h]) : products[h];
  }
  QUIRE_GPU_UNROLL
  for (int h = 0; h < heads_max; ++h) {
    const float scaled = sums[h] * args.scale;
    scores[h] = args.softcap > 0.0F ? scalar::softcap_of(scaled, args.softcap, -2.0F / args.softcap) : scaled;
  }
}

// The largest of a warp's scores; a NaN is none.
inline float max_score(float score) { return warp_max(scalar::max_of(score, scalar::minus_infinity)); }

// p of the chunk in the order of the contract's tree; every lane has it.
inline float weight_sum(float p) { return tree_sum(p + shuffle_down(p, 16)); }

// acc = acc * carry + p v of element d over the chunk. A value is read once for all queries.
template <ElementType type, int heads_max>
inline void add_values(const KvLayer& layer, const SeenChunk& chunk, const float* const (&p)[heads_max],
                       const float (&carries)[heads_max], int64_t d, float (&acc)[heads_max]) {
  const bool latent = layer.latent_dim > 0;
  const scalar::ChunkHalf values(layer, (latent ? layer.keys : layer.values) + chunk.offset, latent);
  QUIRE_GPU_UNROLL
  for (int h = 0; h < heads_max; ++h) acc[h] *= carries[h];
  for (int i = chunk.first; i < chunk.end; ++i) {
    const float value = values.value(i, d);
    const float scale = type == ElementType::f16 ? 1.0F : values.scale(i, d);
    QUIRE_GPU_UNROLL
    for (int h = 0; h < heads_max; ++h) {
      acc[h] = std::fma(type == ElementType::f16 ? p[h][i] : p[h][i] * scale, value, acc[h]);
    }
  }
}

// What is left at last of query h: a sink takes its share.
struct Share {
  float carry;
  float sum;
};
inline Share last_share(const AttentionArgs& args, int64_t head, float max, float sum) {
  if (args.sinks == nullptr) return {.carry = 1.0F, .sum = sum};
  const float sink = args.sinks[head];
  const float top = scalar::max_of(sink, max);
  const float carry = scalar::exp_of(max - top);
  return {.carry = carry, .sum = std::fma(sum, carry, scalar::exp_of(sink - top))};
}

// In one walk: a block is heads_max query heads of a row. Its warps take a chunk each and make the weights, then its
// threads are elements of values. The accumulators are in out.
template <ElementType type, int heads_max>
struct AttentionWalk {
  using Args = AttentionArgs;
  static constexpr int threads = 128;
  static constexpr int warps = threads / warp_size;
  static constexpr int64_t round_positions = warps * attention_chunk;
  struct Shared {
    float maxima[warps][heads_max];
    float carries[warps][heads_max];
    float sums[warps][heads_max];
    float p[warps][heads_max][attention_chunk];
  };
  static Grid grid(const Args& args) { return {query_tasks(args, heads_max)}; }

  // Of the chunks from `begin` on, one a warp: maxima, then weights. max: of all before; then of these too.
  static void weigh(const Args& args, const KvLayer& layer, const Queries& queries, int64_t begin, int chunks,
                    float (&max)[heads_max], Shared& shared) {
    const int warp = warp_index();
    SeenChunk chunk = {};
    float scores[heads_max];
    if (warp < chunks) chunk = chunk_at(layer, queries, begin + warp * attention_chunk);
    score<type>(args, layer, queries, chunk, scores);
    float own_max[heads_max];
    QUIRE_GPU_UNROLL
    for (int h = 0; h < heads_max; ++h) {
      own_max[h] = max_score(scores[h]);
      if (lane_index() == 0) shared.maxima[warp][h] = own_max[h];
    }
    barrier();
    QUIRE_GPU_UNROLL
    for (int h = 0; h < heads_max; ++h) {
      float before = max[h];
      QUIRE_GPU_UNROLL
      for (int i = 0; i < warps; ++i) {
        if (i < chunks) max[h] = scalar::max_of(shared.maxima[i][h], max[h]);
        if (i < warp) before = max[h];
      }
      const float next = scalar::max_of(own_max[h], before);
      const float p = sees(chunk, lane_index()) ? scalar::exp_of(scores[h] - next) : 0.0F;
      const float sum = weight_sum(p);
      shared.p[warp][h][lane_index()] = p;
      if (lane_index() != 0) continue;
      shared.carries[warp][h] = scalar::exp_of(before - next);
      shared.sums[warp][h] = sum;
    }
    barrier();
  }

  static void add_round(const KvLayer& layer, const Queries& queries, int64_t begin, int chunks, float* out,
                        const Shared& shared) {
    const int64_t value_dim = scalar::value_dim(layer);
    for (int64_t d = thread_index(); d < value_dim; d += threads) {
      float acc[heads_max];
      QUIRE_GPU_UNROLL
      for (int h = 0; h < heads_max; ++h) {
        acc[h] = begin == queries.first_chunk || h >= queries.count ? 0.0F : out[h * value_dim + d];
      }
      for (int i = 0; i < chunks; ++i) {
        const float* p[heads_max];
        QUIRE_GPU_UNROLL
        for (int h = 0; h < heads_max; ++h) p[h] = shared.p[i][h];
        add_values<type>(layer, chunk_at(layer, queries, begin + i * attention_chunk), p, shared.carries[i], d, acc);
      }
      QUIRE_GPU_UNROLL
      for (int h = 0; h < heads_max; ++h) {
        if (h < queries.count) out[h * value_dim + d] = acc[h];
      }
    }
  }

  static void run(const Args& args, Shared& shared) {
    const KvLayer layer = typed<type>(args.layer);
    const Queries queries = queries_of(args, block_index(), heads_max);
    if (queries.place.position < 0) return;
    const int64_t value_dim = scalar::value_dim(layer);
    float* const out = args.out + queries.first * value_dim;
    float max[heads_max], sum[heads_max] = {};
    for (float& one : max) one = scalar::minus_infinity;
    for (int64_t begin = queries.first_chunk; begin < queries.seen.end; begin += round_positions) {
      const int chunks = static_cast<int>(min_of(warps, ceil_div(queries.seen.end - begin, attention_chunk)));
      weigh(args, layer, queries, begin, chunks, max, shared);
      QUIRE_GPU_UNROLL
      for (int i = 0; i < warps; ++i) {
        if (i >= chunks) continue;
        QUIRE_GPU_UNROLL
        for (int h = 0; h < heads_max; ++h) sum[h] = std::fma(sum[h], shared.carries[i][h], shared.sums[i][h]);
      }
      add_round(layer, queries, begin, chunks, out, shared);
    }
    QUIRE_GPU_UNROLL
    for (int h = 0; h < heads_max; ++h) {
      if (h >= queries.count) continue;
      const Share share = last_share(args, queries.head + h, max[h], sum[h]);
      float* const own = out + h * value_dim;
      for (int64_t d = thread_index(); d < value_dim; d += threads) own[d] = own[d] * share.carry / share.sum;
    }
  }
};

// Split over positions, for few rows of long sequences: three kernels, one after another. A running maximum is of all
// before, in any order, so that each chunk finds its own; sums and values are added up in theirs.

// Where a chunk of a query lies in the scratch.
inline int64_t scratch_at(const AttentionArgs& args, int64_t query, int64_t chunk) {
  return query * args.scratch.chunks_max + chunk;
}

// Scores and a chunk's maximum. A warp a chunk.
template <ElementType type, int heads_max>
struct AttentionScores {
  using Args = AttentionArgs;
  using Shared = NothingShared;
  static constexpr int threads = task_threads;
  static int64_t tasks(const Args& args) { return query_tasks(args, heads_max) * args.scratch.chunks_max; }
  static Grid grid(const Args& args) { return task_grid(tasks(args)); }
  static void run(const Args& args, Shared&) {
    if (task_index() >= tasks(args)) return;
    const KvLayer layer = typed<type>(args.layer);
    const Queries queries = queries_of(args, task_index() / args.scratch.chunks_max, heads_max);
    const int64_t index = task_index() % args.scratch.chunks_max;
    if (queries.place.position < 0 || index >= chunks_of(queries)) return;
    float scores[heads_max];
    score<type>(args, layer, queries, chunk_at(layer, queries, queries.first_chunk + index * attention_chunk), scores);
    QUIRE_GPU_UNROLL
    for (int h = 0; h < heads_max; ++h) {
      const float max = max_score(scores[h]);
      if (h >= queries.count) continue;
      const int64_t at = scratch_at(args, queries.first + h, index);
      args.scratch.p[at * attention_chunk + lane_index()] = scores[h];
      if (lane_index() == 0) args.scratch.maxima[at] = max;
    }
  }
};

// Weights of them, a chunk's sum and what it leaves of those before. A warp a chunk of a query.
struct AttentionWeights {
  using Args = AttentionArgs;
  using Shared = NothingShared;
  static constexpr int threads = task_threads;
  static int64_t tasks(const Args& args) { return args.row_count * args.heads * args.scratch.chunks_max; }
  static Grid grid(const Args& args) { return task_grid(tasks(args)); }
  static void run(const Args& args, Shared&) {
    if (task_index() >= tasks(args)) return;
    const AttentionScratch& scratch = args.scratch;
    const int64_t query = task_index() / scratch.chunks_max, chunk = task_index() % scratch.chunks_max;
    const RowPlace& place = args.rows[query / args.heads];
    const scalar::Seen seen = scalar::seen_from(place.position, args.window, args.after, place.end);
    const int64_t begin = (seen.begin / attention_chunk + chunk) * attention_chunk;
    if (place.position < 0 || begin >= seen.end) return;
    const float* const maxima = scratch.maxima + scratch_at(args, query, 0);
    float before = scalar::minus_infinity;
    for (int64_t i = lane_index(); i < chunk; i += warp_size) before = scalar::max_of(maxima[i], before);
    before = warp_max(before);
    const float next = scalar::max_of(maxima[chunk], before);
    const int64_t position = begin + lane_index();
    float& score = scratch.p[task_index() * attention_chunk + lane_index()];
    const float p = position >= seen.begin && position < seen.end ? scalar::exp_of(score - next) : 0.0F;
    const float sum = weight_sum(p);
    score = p;
    if (lane_index() != 0) return;
    scratch.carries[task_index()] = scalar::exp_of(before - next);
    scratch.sums[task_index()] = sum;
  }
};

// Values: a thread is an element of heads_max queries, and walks over the chunks.
template <ElementType type, int heads_max>
struct AttentionValues {
  using Args = AttentionArgs;
  using Shared = NothingShared;
  static constexpr int threads = 64;
  static int64_t parts(const Args& args) { return ceil_div(scalar::value_dim(args.layer), threads); }
  static Grid grid(const Args& args) { return {query_tasks(args, heads_max) * parts(args)}; }

  // Sums and maxima of a chunk's queries, and where their weights are.
  static void take_chunk(const Args& args, const Queries& queries, int64_t index, const float* (&p)[heads_max],
                         float (&carries)[heads_max], float (&max)[heads_max], float (&sum)[heads_max]) {
    const AttentionScratch& scratch = args.scratch;
    QUIRE_GPU_UNROLL
    for (int h = 0; h < heads_max; ++h) {
      const int64_t at = scratch_at(args, query_at(queries, h), index);
      p[h] = scratch.p + at * attention_chunk;
      carries[h] = scratch.carries[at];
      max[h] = scalar::max_of(scratch.maxima[at], max[h]);
      sum[h] = std::fma(sum[h], carries[h], scratch.sums[at]);
    }
  }

  static void run(const Args& args, Shared&) {
    const KvLayer layer = typed<type>(args.layer);
    const Queries queries = queries_of(args, block_index() / parts(args), heads_max);
    const int64_t value_dim = scalar::value_dim(layer);
    const int64_t d = block_index() % parts(args) * threads + thread_index();
    if (queries.place.position < 0 || d >= value_dim) return;
    float max[heads_max], sum[heads_max] = {}, acc[heads_max] = {}, carries[heads_max];
    for (float& one : max) one = scalar::minus_infinity;
    const float* p[heads_max];
    for (int64_t i = 0; i < chunks_of(queries); ++i) {
      take_chunk(args, queries, i, p, carries, max, sum);
      add_values<type>(layer, chunk_at(layer, queries, queries.first_chunk + i * attention_chunk), p, carries, d, acc);
    }
    QUIRE_GPU_UNROLL
    for (int h = 0; h < heads_max; ++h) {
      if (h >= queries.count) continue;
      const Share share = last_share(args, queries.head + h, max[h], sum[h]);
      args.out[(queries.first + h) * value_dim + d] = acc[h] * share.carry / share.sum;
    }
  }
};

}  // namespace quire::gpu
