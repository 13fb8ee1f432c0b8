// AttentionScores of kernels/gpu/attention.h: the scores of a chunk and their maximum. A task is a chunk of heads_max
// query heads of a row, a thread a position.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"
#include "kv.glsl"
#include "attention.glsl"
#include "tasks.glsl"

shared float scores[block_tasks][heads_max][attention_chunk];

void main() {
  if (!begins()) return;
  const int chunks_max = int(args.chunks_max), own = task_of_block(), position = task_lane();
  const int kv_heads = int(args.layer.kv_heads), group = int(args.heads) / kv_heads;
  const int64_t tasks = args.row_count * kv_heads * quotient_up(group, heads_max) * chunks_max;
  bool is_there = task_index() < tasks;
  const int index = int(task_index() % chunks_max);
  Queries queries;
  if (is_there) {
    queries = queries_of(task_index() / chunks_max);
    is_there = queries.is_there && queries.first_chunk + index * attention_chunk < queries.seen.end;
  }
  if (is_there) {
    const SeenChunk chunk = chunk_at(queries, queries.first_chunk + index * attention_chunk);
    float own_scores[heads_room];
    for (int h = 0; h < heads_max; ++h) own_scores[h] = minus_infinity();
    if (sees(chunk, position)) own_scores = scores_of(queries, chunk, position);
    for (int h = 0; h < heads_max; ++h) scores[own][h][position] = own_scores[h];
  }
  barrier();
  if (!is_there) return;
  for (int h = 0; h < queries.count; ++h) {
    const int64_t at = (queries.first + h) * chunks_max + index;
    from(args.p, at * attention_chunk).at[position] = scores[own][h][position];
    if (position != h) continue;
    float chunk_max = minus_infinity();
    for (int i = 0; i < attention_chunk; ++i) chunk_max = most(scores[own][h][i], chunk_max);
    from(args.maxima, at).at[0] = chunk_max;
  }
}
