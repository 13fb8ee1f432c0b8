// AttentionValues of kernels/gpu/attention.h: a thread is an element of heads_max queries, and walks over the chunks.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"
#include "kv.glsl"
#include "attention.glsl"

const int threads = 64;
layout(local_size_x = threads) in;

void main() {
  if (!begins()) return;
  const int elements = value_dim(), parts = quotient_up(elements, threads), block = int(block_index());
  const Queries queries = queries_of(int64_t(block / parts));
  const int d = block % parts * threads + thread_index();
  if (!queries.is_there || d >= elements) return;
  float max[heads_room], of_all[heads_room], acc[heads_room];
  for (int h = 0; h < heads_max; ++h) {
    max[h] = minus_infinity();
    of_all[h] = 0.0;
    acc[h] = 0.0;
  }
  const int chunks = quotient_up(queries.seen.end - queries.first_chunk, attention_chunk);
  for (int index = 0; index < chunks; ++index) {
    const SeenChunk chunk = chunk_at(queries, queries.first_chunk + index * attention_chunk);
    int64_t at[heads_room];
    for (int h = 0; h < heads_max; ++h) {
      at[h] = query_at(queries, h) * args.chunks_max + index;
      const float carry = from(args.carries, at[h]).at[0];
      max[h] = most(from(args.maxima, at[h]).at[0], max[h]);
      of_all[h] = fused(of_all[h], carry, from(args.sums, at[h]).at[0]);
      acc[h] = product(acc[h], carry);
    }
    for (int position = chunk.first; position < chunk.end; ++position) {
      const Value value = value_at(chunk, position, d);
      for (int h = 0; h < heads_max; ++h) {
        const float p = from(args.p, at[h] * attention_chunk).at[position];
        acc[h] = fused(weight_with(p, value), value.value, acc[h]);
      }
    }
  }
  for (int h = 0; h < queries.count; ++h) {
    const Share share = last_share(queries.head + h, max[h], of_all[h]);
    from(args.result, (queries.first + h) * elements).at[d] = shared_out(acc[h], share);
  }
}
