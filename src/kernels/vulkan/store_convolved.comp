// StoreConvolved of kernels/gpu/recurrent.h: a row of the grid is a run.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "convolved.glsl"
#include "elements.glsl"

// A thread goes forward: the state that it writes may be the one that it reads, further on.
void store(int run, int64_t behind, int64_t state, int c) {
  const int64_t kept = args.taps - 1l;
  Floats to = state_at(state);
  for (int64_t i = 0l; i < kept; ++i) {
    from(to, i * args.channels).at[c] = convolved_at(run, behind - kept + i, c);
  }
}

void main() {
  if (!begins()) return;
  const Piece piece = piece_of(args.channels);
  const StateRun run = args.state.runs.at[piece.row];
  for (int c = piece.begin; c < piece.end; c += element_threads) {
    for (int64_t i = run.copy_begin; i < run.copy_end; ++i) {
      store(piece.row, args.state.copies.at[int(i)].rows, args.state.copies.at[int(i)].state, c);
    }
    store(piece.row, run.certain, run.to, c);
  }
}
