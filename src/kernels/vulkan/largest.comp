// Largest of kernels/gpu/rows.h. A block a row: a thread has the elements that are `threads` apart, then eight
// threads compare sixteen of these each.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

struct Arguments {
  Floats x;
  Integers rows;
  int64_t row_count;
  int64_t width;
  Integers largest;
};
#include "launch.glsl"

const int threads = 128;
const int compared = 16;
layout(local_size_x = threads) in;

shared float values[threads];
shared int places[threads];  // -1: no value above minus infinity
shared bool finite[threads];

// Of `count` threads that are `stride` apart, into the first one's place.
void compare(int first, int count, int stride) {
  for (int i = 1; i < count; ++i) {
    const int other = first + i * stride;
    finite[first] = finite[first] && finite[other];
    const float value = values[other], best = values[first];
    const bool is_better =
        places[other] >= 0 && (places[first] < 0 || value > best || (value == best && places[other] < places[first]));
    if (!is_better) continue;
    values[first] = value;
    places[first] = places[other];
  }
}

void main() {
  if (!begins()) return;
  const int row = args.rows.at[block_index()], width = int(args.width);
  Floats x = from(args.x, int64_t(row) * width);
  float best = minus_infinity();
  int place = -1;
  bool is_finite = true;
  for (int i = thread_index(); i < width; i += threads) {
    const float value = x.at[i];
    is_finite = is_finite && value < -minus_infinity();
    if (value > best) {
      best = value;
      place = i;
    }
  }
  values[thread_index()] = best;
  places[thread_index()] = place;
  finite[thread_index()] = is_finite;
  barrier();
  if (thread_index() < threads / compared) compare(thread_index() * compared, compared, 1);
  barrier();
  if (thread_index() != 0) return;
  compare(0, threads / compared, compared);
  args.largest.at[row] = finite[0] ? places[0] : -1;
}
