// AttentionWeights of kernels/gpu/attention.h: weights of scores, a chunk's sum and what it leaves of those before. A
// task is a chunk of a query, a thread a position.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"
#include "kv.glsl"
#include "attention.glsl"
#include "chunk_tree.glsl"
#include "tasks.glsl"

shared float maxima[block_tasks][task_threads];
shared float weights[block_tasks][attention_chunk];

void main() {
  if (!begins()) return;
  const int chunks_max = int(args.chunks_max), own = task_of_block(), lane = task_lane();
  bool is_there = task_index() < args.row_count * args.heads * chunks_max;
  const int64_t query = task_index() / chunks_max;
  const int chunk = int(task_index() % chunks_max), row = int(query / args.heads);
  Seen seen = Seen(0, 0);
  if (is_there) is_there = args.rows.at[row].position >= 0l;
  if (is_there) seen = seen_by(row);
  const int begin = (seen.begin / attention_chunk + chunk) * attention_chunk;
  is_there = is_there && begin < seen.end;
  Floats chunk_maxima = from(args.maxima, query * chunks_max);
  maxima[own][lane] = minus_infinity();
  for (int i = lane; is_there && i < chunk; i += task_threads) {
    maxima[own][lane] = most(chunk_maxima.at[i], maxima[own][lane]);
  }
  barrier();
  float before = minus_infinity();
  for (int i = 0; i < task_threads; ++i) before = most(maxima[own][i], before);
  Floats scores = from(args.p, task_index() * attention_chunk);
  const int position = begin + lane;
  if (is_there) {
    const float next = most(chunk_maxima.at[chunk], before);
    const bool is_seen = position >= seen.begin && position < seen.end;
    const float p = is_seen ? exp_of(difference(scores.at[lane], next)) : 0.0;
    scores.at[lane] = p;
    weights[own][lane] = p;
    if (lane == 0) from(args.carries, task_index()).at[0] = exp_of(difference(before, next));
  }
  barrier();
  if (!is_there || lane != 0) return;
  float of_chunk[attention_chunk];
  for (int i = 0; i < attention_chunk; ++i) of_chunk[i] = weights[own][i];
  from(args.sums, task_index()).at[0] = chunk_tree(of_chunk);
}
