// AttentionWalk of kernels/gpu/attention.h: a block is heads_max query heads of a row. Its threads are the positions of
// four chunks at a time, which they weigh, and then elements of values.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"
#include "kv.glsl"
#include "attention.glsl"
#include "chunk_tree.glsl"

const int round_chunks = 4;
const int threads = round_chunks * attention_chunk;
layout(local_size_x = threads) in;

shared float p[round_chunks][heads_max][attention_chunk];  // scores, then weights
shared float maxima[round_chunks][heads_max];
shared float carries[round_chunks][heads_max];
shared float sums[round_chunks][heads_max];

// Of the chunks from `begin` on: maxima, weights, and what is carried over. max: of all before; then of these too.
void weigh(const Queries queries, int begin, int chunks, inout float max[heads_room]) {
  const int own = thread_index() / attention_chunk, position = thread_index() % attention_chunk;
  SeenChunk chunk = SeenChunk(0l, 0, 0);
  if (own < chunks) chunk = chunk_at(queries, begin + own * attention_chunk);
  const bool is_seen = own < chunks && sees(chunk, position);
  float scores[heads_room];
  for (int h = 0; h < heads_max; ++h) scores[h] = minus_infinity();
  if (is_seen) scores = scores_of(queries, chunk, position);
  for (int h = 0; h < heads_max; ++h) p[own][h][position] = scores[h];
  barrier();
  for (int h = position; h < heads_max; h += attention_chunk) {
    float chunk_max = minus_infinity();
    for (int i = 0; i < attention_chunk; ++i) chunk_max = most(p[own][h][i], chunk_max);
    maxima[own][h] = chunk_max;
  }
  barrier();
  for (int h = 0; h < heads_max; ++h) {
    float before = max[h];
    for (int i = 0; i < chunks; ++i) {
      max[h] = most(maxima[i][h], max[h]);
      if (i < own) before = max[h];
    }
    const float next = most(maxima[own][h], before);
    p[own][h][position] = is_seen ? exp_of(difference(scores[h], next)) : 0.0;
    if (position == 0) carries[own][h] = exp_of(difference(before, next));
  }
  barrier();
  for (int h = position; h < heads_max; h += attention_chunk) {
    float weights[attention_chunk];
    for (int i = 0; i < attention_chunk; ++i) weights[i] = p[own][h][i];
    sums[own][h] = chunk_tree(weights);
  }
  barrier();
}

// acc = acc * carry + p v over the chunks, of the elements of values; what is added up lies in the result.
void add_round(const Queries queries, int begin, int chunks, Floats result) {
  const int elements = value_dim();
  for (int d = thread_index(); d < elements; d += threads) {
    float acc[heads_room];
    for (int h = 0; h < heads_max; ++h) {
      acc[h] = 0.0;
      if (begin != queries.first_chunk && h < queries.count) acc[h] = result.at[h * elements + d];
    }
    for (int i = 0; i < chunks; ++i) {
      const SeenChunk chunk = chunk_at(queries, begin + i * attention_chunk);
      for (int h = 0; h < heads_max; ++h) acc[h] = product(acc[h], carries[i][h]);
      for (int position = chunk.first; position < chunk.end; ++position) {
        const Value value = value_at(chunk, position, d);
        for (int h = 0; h < heads_max; ++h) {
          acc[h] = fused(weight_with(p[i][h][position], value), value.value, acc[h]);
        }
      }
    }
    for (int h = 0; h < heads_max; ++h) {
      if (h < queries.count) result.at[h * elements + d] = acc[h];
    }
  }
}

void main() {
  if (!begins()) return;
  const Queries queries = queries_of(int64_t(block_index()));
  if (!queries.is_there) return;
  const int elements = value_dim();
  Floats result = from(args.result, queries.first * elements);
  float max[heads_room], of_all[heads_room];
  for (int h = 0; h < heads_max; ++h) {
    max[h] = minus_infinity();
    of_all[h] = 0.0;
  }
  for (int begin = queries.first_chunk; begin < queries.seen.end; begin += threads) {
    const int chunks = min(round_chunks, quotient_up(queries.seen.end - begin, attention_chunk));
    weigh(queries, begin, chunks, max);
    for (int i = 0; i < chunks; ++i) {
      for (int h = 0; h < heads_max; ++h) of_all[h] = fused(of_all[h], carries[i][h], sums[i][h]);
    }
    add_round(queries, begin, chunks, result);
    barrier();
  }
  for (int h = 0; h < queries.count; ++h) {
    const Share share = last_share(queries.head + h, max[h], of_all[h]);
    for (int d = thread_index(); d < elements; d += threads) {
      result.at[h * elements + d] = shared_out(result.at[h * elements + d], share);
    }
  }
}
