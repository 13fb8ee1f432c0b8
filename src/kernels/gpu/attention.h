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

// A query: a head of a row.
struct Query {
  int64_t index;  // among all
  int64_t head;
  int64_t kv_head;
  RowPlace place;
  scalar::Seen seen;
  int64_t first_chunk;  // the position with which its first chunk begins
};

inline Query query_of(const AttentionArgs& args, int64_t index) {
  const auto heads = static_cast<uint32_t>(args.heads);
  const uint32_t row = static_cast<uint32_t>(index) / heads, head = static_cast<uint32_t>(index) % heads;
  const RowPlace place = args.rows[row];
  const scalar::Seen seen = scalar::seen_from(place.position, args.window, args.after, place.end);
  return {.index = index,
          .head = head,
          .kv_head = head / (heads / static_cast<uint32_t>(args.layer.kv_heads)),
          .place = place,
          .seen = seen,
          .first_chunk = seen.begin / attention_chunk * attention_chunk};
}

inline int64_t chunks_of(const Query& query) { return ceil_div(query.seen.end - query.first_chunk, attention_chunk); }

// A chunk of 32 positions, of which the query sees [first, end).
struct ChunkOfQuery {
  int64_t offset;  // of its keys and values
  int first;
  int end;
};

inline ChunkOfQuery chunk_at(const KvLayer& layer, const Query& query, int64_t begin) {
  return {.offset = scalar::chunk_offset(layer, query.place.blocks, query.kv_head, begin),
          .first = static_cast<int>(max_of(0, query.seen.begin - begin)),
          .end = static_cast<int>(min_of(attention_chunk, query.seen.end - begin))};
}

inline bool sees(const ChunkOfQuery& chunk, int position) { return position >= chunk.first && position < chunk.end; }

// The score of this lane's position; minus infinity where the query does not see it.
inline float score_of(const AttentionArgs& args, const KvLayer& layer, const Query& query, const ChunkOfQuery& chunk) {
  if (!sees(chunk, lane_index())) return scalar::minus_infinity;
  const scalar::ChunkHalf keys(layer, layer.keys + chunk.offset, true);
  const float score =
      scalar::key_product(layer, keys, lane_index(), args.q + query.index * layer.head_dim) * args.scale;
  return args.softcap > 0.0F ? scalar::softcap_of(score, args.softcap, -2.0F / args.softcap) : score;
}

// The largest of a warp's scores; a NaN is none.
inline float max_score(float score) { return warp_max(scalar::max_of(score, scalar::minus_infinity)); }

// p of the chunk in the order of the contract's tree; every lane has it.
inline float weight_sum(float p) { return tree_sum(p + shuffle_down(p, 16)); }

// acc * carry, and the chunk's values by their weights p.
inline float add_values(const KvLayer& layer, const ChunkOfQuery& chunk, const float* p, float carry, int64_t d,
                        float acc) {
  const bool latent = layer.latent_dim > 0;
  const scalar::ChunkHalf values(layer, (latent ? layer.keys : layer.values) + chunk.offset, latent);
  return scalar::add_value_products(layer, values, chunk.first, chunk.end, p, d, acc * carry);
}

// What is left at last: a sink takes its share.
struct Share {
  float carry;
  float sum;
};
inline Share last_share(const AttentionArgs& args, const Query& query, float max, float sum) {
  if (args.sinks == nullptr) return {.carry = 1.0F, .sum = sum};
  const float sink = args.sinks[query.head];
  const float top = scalar::max_of(sink, max);
  const float carry = scalar::exp_of(max - top);
  return {.carry = carry, .sum = std::fma(sum, carry, scalar::exp_of(sink - top))};
}

// In one walk: a block is a query. Its warps take a chunk each and make the weights, then its threads are elements of
// values. The accumulators are in out.
template <ElementType type>
struct AttentionWalk {
  using Args = AttentionArgs;
  static constexpr int threads = 128;
  static constexpr int warps = threads / warp_size;
  struct Shared {
    float maxima[warps];
    float carries[warps];
    float sums[warps];
    float p[warps][attention_chunk];
  };
  static Grid grid(const Args& args) { return {args.row_count * args.heads}; }

  // Of the chunks from `begin` on, one a warp: maxima, then weights. max: of all before; what it is behind them.
  static float weigh(const Args& args, const KvLayer& layer, const Query& query, int64_t begin, int chunks, float max,
                     Shared& shared) {
    const int warp = warp_index();
    ChunkOfQuery chunk = {};
    float score = scalar::minus_infinity;
    if (warp < chunks) {
      chunk = chunk_at(layer, query, begin + warp * attention_chunk);
      score = score_of(args, layer, query, chunk);
    }
    const float own_max = max_score(score);
    if (lane_index() == 0) shared.maxima[warp] = own_max;
    barrier();
    float before = max, all = max;
    for (int i = 0; i < chunks; ++i) {
      all = scalar::max_of(shared.maxima[i], all);
      if (i < warp) before = all;
    }
    const float next = scalar::max_of(own_max, before);
    const float p = sees(chunk, lane_index()) ? scalar::exp_of(score - next) : 0.0F;
    const float sum = weight_sum(p);
    shared.p[warp][lane_index()] = p;
    if (lane_index() == 0) {
      shared.carries[warp] = scalar::exp_of(before - next);
      shared.sums[warp] = sum;
    }
    barrier();
    return all;
  }

  static void run(const Args& args, Shared& shared) {
    const KvLayer layer = typed<type>(args.layer);
    const Query query = query_of(args, block_index());
    if (query.place.position < 0) return;
    const int64_t value_dim = scalar::value_dim(layer);
    float* const out = args.out + query.index * value_dim;
    float max = scalar::minus_infinity, sum = 0.0F;
    for (int64_t d = thread_index(); d < value_dim; d += threads) out[d] = 0.0F;
    for (int64_t begin = query.first_chunk; begin < query.seen.end; begin += warps * attention_chunk) {
      const int chunks = static_cast<int>(min_of(warps, ceil_div(query.seen.end - begin, attention_chunk)));
      max = weigh(args, layer, query, begin, chunks, max, shared);
      for (int i = 0; i < chunks; ++i) sum = std::fma(sum, shared.carries[i], shared.sums[i]);
      for (int64_t d = thread_index(); d < value_dim; d += threads) {
        float acc = out[d];
        for (int i = 0; i < chunks; ++i) {
          const ChunkOfQuery chunk = chunk_at(layer, query, begin + i * attention_chunk);
          acc = add_values(layer, chunk, shared.p[i], shared.carries[i], d, acc);
        }
        out[d] = acc;
      }
    }
    const Share share = last_share(args, query, max, sum);
    for (int64_t d = thread_index(); d < value_dim; d += threads) out[d] = out[d] * share.carry / share.sum;
  }
};

// Split over positions, for few rows of long sequences: three kernels, one after another. A running maximum is of all
// before, in any order, so that each chunk finds its own; sums and values are added up in theirs.

// The place of a warp's chunk: which query, and which of its chunks.
struct SplitTask {
  int64_t query;
  int64_t chunk;
};
inline Grid split_grid(const AttentionArgs& args) {
  return task_grid(args.row_count * args.heads * args.scratch.chunks_max);
}
inline SplitTask split_task(const AttentionArgs& args) {
  return {task_index() / args.scratch.chunks_max, task_index() % args.scratch.chunks_max};
}

// Scores and a chunk's maximum. A warp a chunk.
template <ElementType type>
struct AttentionScores {
  using Args = AttentionArgs;
  using Shared = NothingShared;
  static constexpr int threads = task_threads;
  static Grid grid(const Args& args) { return split_grid(args); }
  static void run(const Args& args, Shared&) {
    const SplitTask task = split_task(args);
    if (task.query >= args.row_count * args.heads) return;
    const KvLayer layer = typed<type>(args.layer);
    const Query query = query_of(args, task.query);
    if (query.place.position < 0 || task.chunk >= chunks_of(query)) return;
    const ChunkOfQuery chunk = chunk_at(layer, query, query.first_chunk + task.chunk * attention_chunk);
    const float score = score_of(args, layer, query, chunk);
    const float max = max_score(score);
    args.scratch.p[task_index() * attention_chunk + lane_index()] = score;
    if (lane_index() == 0) args.scratch.maxima[task_index()] = max;
  }
};

// Weights of them, a chunk's sum and what it leaves of those before. A warp a chunk.
struct AttentionWeights {
  using Args = AttentionArgs;
  using Shared = NothingShared;
  static constexpr int threads = task_threads;
  static Grid grid(const Args& args) { return split_grid(args); }
  static void run(const Args& args, Shared&) {
    const SplitTask task = split_task(args);
    if (task.query >= args.row_count * args.heads) return;
    const Query query = query_of(args, task.query);
    if (query.place.position < 0 || task.chunk >= chunks_of(query)) return;
    const AttentionScratch& scratch = args.scratch;
    const float* const maxima = scratch.maxima + task.query * scratch.chunks_max;
    float before = scalar::minus_infinity;
    for (int64_t i = lane_index(); i < task.chunk; i += warp_size) before = scalar::max_of(maxima[i], before);
    before = warp_max(before);
    const float next = scalar::max_of(maxima[task.chunk], before);
    const int64_t begin = query.first_chunk + task.chunk * attention_chunk;
    const bool seen = begin + lane_index() >= query.seen.begin && begin + lane_index() < query.seen.end;
    float& score = scratch.p[task_index() * attention_chunk + lane_index()];
    const float p = seen ? scalar::exp_of(score - next) : 0.0F;
    const float sum = weight_sum(p);
    score = p;
    if (lane_index() != 0) return;
    scratch.carries[task_index()] = scalar::exp_of(before - next);
    scratch.sums[task_index()] = sum;
  }
};

// Values: a thread is an element, and walks over the chunks.
template <ElementType type>
struct AttentionValues {
  using Args = AttentionArgs;
  using Shared = NothingShared;
  static constexpr int threads = 64;
  static int64_t parts(const Args& args) { return ceil_div(scalar::value_dim(args.layer), threads); }
  static Grid grid(const Args& args) { return {args.row_count * args.heads * parts(args)}; }
  static void run(const Args& args, Shared&) {
    const KvLayer layer = typed<type>(args.layer);
    const Query query = query_of(args, block_index() / parts(args));
    const int64_t value_dim = scalar::value_dim(layer);
    const int64_t d = block_index() % parts(args) * threads + thread_index();
    if (query.place.position < 0 || d >= value_dim) return;
    const AttentionScratch& scratch = args.scratch;
    const int64_t first = query.index * scratch.chunks_max;
    float max = scalar::minus_infinity, sum = 0.0F, acc = 0.0F;
    for (int64_t i = 0; i < chunks_of(query); ++i) {
      const ChunkOfQuery chunk = chunk_at(layer, query, query.first_chunk + i * attention_chunk);
      const float carry = scratch.carries[first + i];
      max = scalar::max_of(scratch.maxima[first + i], max);
      sum = std::fma(sum, carry, scratch.sums[first + i]);
      acc = add_values(layer, chunk, scratch.p + (first + i) * attention_chunk, carry, d, acc);
    }
    const Share share = last_share(args, query, max, sum);
    args.out[query.index * value_dim + d] = acc * share.carry / share.sum;
  }
};

}  // namespace quire::gpu
