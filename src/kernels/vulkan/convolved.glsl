// The arguments of Convolve and StoreConvolved of kernels/gpu/recurrent.h, and what a convolution reads.
#include "states.glsl"

struct Arguments {
  States state;
  Floats x;
  Floats y;
  int64_t rows;
  int64_t channels;
  int64_t taps;
  Floats weight;
  Floats bias;
  Integers run_of;
  uint8_t silu;
};
#include "launch.glsl"

Floats state_at(int64_t state) { return from(args.state.states, state * args.state.stride); }

// Channel c of the row at `index` of a run; of rows before it, what its state has, or 0.
float convolved_at(int run, int64_t index, int c) {
  const int64_t channels = args.channels;
  if (index >= 0l) return from(args.x, (args.state.runs.at[run].row_begin + index) * channels).at[c];
  const int64_t before = args.state.runs.at[run].begins_from;
  if (before < 0l) return 0.0;
  return from(state_at(before), (args.taps - 1l + index) * channels).at[c];
}
