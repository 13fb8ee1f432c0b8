// PlanExperts of kernels/gpu/experts.h. One block.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

struct MatrixRows {
  int matrix;
  int begin;
  int end;
};
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Tiles { MatrixRows at[]; };

struct Arguments {
  Integers chosen;
  int64_t rows;
  int64_t used;
  int64_t experts;
  Integers pair_rows;
  Integers pairs;
  Tiles tiles;
  int64_t tile_count;
  int64_t tile_rows;
};
#include "launch.glsl"

const int experts_max = 1024;
const int threads = 128;
layout(local_size_x = threads) in;

shared int counts[experts_max];  // pairs of an expert

struct Before {
  int pairs;
  int tiles;
};
// Of the experts that come before this one.
Before before(int expert) {
  Before result = Before(0, 0);
  for (int i = 0; i < expert; ++i) {
    result.pairs += counts[i];
    result.tiles += quotient_up(counts[i], int(args.tile_rows));
  }
  return result;
}

void place(int expert) {
  const Before first = before(expert);
  const int used = int(args.used), pairs = int(args.rows) * used, height = int(args.tile_rows);
  int next = first.pairs;
  for (int i = 0; i < pairs; ++i) {
    if (args.chosen.at[i] != expert) continue;
    args.pair_rows.at[next] = i / used;
    args.pairs.at[i] = next++;
  }
  int tile = first.tiles;
  for (int begin = first.pairs; begin < next; begin += height) {
    args.tiles.at[tile++] = MatrixRows(expert, begin, min(next, begin + height));
  }
}

void main() {
  if (!begins()) return;
  const int experts = int(args.experts), pairs = int(args.rows) * int(args.used);
  for (int expert = thread_index(); expert < experts; expert += threads) {
    int count = 0;
    for (int i = 0; i < pairs; ++i) count += args.chosen.at[i] == expert ? 1 : 0;
    counts[expert] = count;
  }
  barrier();
  for (int expert = thread_index(); expert < experts; expert += threads) place(expert);
  const int used_tiles = before(experts).tiles;
  for (int tile = used_tiles + thread_index(); tile < int(args.tile_count); tile += threads) {
    args.tiles.at[tile] = MatrixRows(0, 0, 0);
  }
}
