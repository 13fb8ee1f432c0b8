// Recurrent layers: convolutions over the last rows, and states that each row overwrites.
#pragma once

#include "kernels/gpu/kernel.h"

namespace quire::gpu {

// Rows of one sequence, and the numbers of the states before and behind them (backend/backend.h: StateRun).
struct StateRun {
  int64_t row_begin;
  int64_t rows;
  int64_t certain;  // the first so many advance the state
  int64_t from;     // -1: nothing comes before
  int64_t to;
  int64_t copy_begin;  // its copies, of StateArgs::copies
  int64_t copy_end;
};

// The state behind the first `rows` rows of a run goes there too.
struct StateCopy {
  int64_t rows;
  int64_t state;
};

// A layer's part of the states.
struct StateArgs {
  float* states = nullptr;  // of state 0
  int64_t stride = 0;       // from one state to the next, in floats
  const StateRun* runs = nullptr;
  int64_t run_count = 0;
  const StateCopy* copies = nullptr;

  float* of(int64_t state) const { return states + state * stride; }
};

struct ConvolveArgs {
  StateArgs state;
  const float* x = nullptr;  // (rows, channels)
  float* y = nullptr;        // the same; overlaps nothing
  int64_t rows = 0;
  int64_t channels = 0;
  int64_t taps = 0;
  const float* weight = nullptr;    // (taps, channels)
  const float* bias = nullptr;      // (channels); null: none
  const int32_t* run_of = nullptr;  // (rows): its run; below 0: a row of none, which is left alone
  bool silu = false;
};

// Channel c of the row at `index` of a run; of rows before it, what its state has, or 0.
inline float convolved_at(const ConvolveArgs& args, const StateRun& run, int64_t index, int64_t c) {
  if (index >= 0) return args.x[(run.row_begin + index) * args.channels + c];
  return run.from < 0 ? 0.0F : args.state.of(run.from)[(args.taps - 1 + index) * args.channels + c];
}

struct Convolve {
  using Args = ConvolveArgs;
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(args.rows, args.channels); }
  static void run(const Args& args, Shared&) {
    for_elements(args.channels, [&](int64_t row, int64_t c) {
      if (args.run_of[row] < 0) return;
      const StateRun& run = args.state.runs[args.run_of[row]];
      float y = args.bias == nullptr ? 0.0F : args.bias[c];
      for (int64_t t = 0; t < args.taps; ++t) {
        const int64_t index = row - run.row_begin - (args.taps - 1) + t;
        y = std::fma(args.weight[t * args.channels + c], convolved_at(args, run, index, c), y);
      }
      args.y[row * args.channels + c] = args.silu ? scalar::silu_of(y) : y;
    });
  }
};

// The states behind the runs, once all rows are convolved: the last rows of the input. A thread is a channel of a run,
// and goes forward: the state that it writes may be the one that it reads, further on.
struct StoreConvolved {
  using Args = ConvolveArgs;
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(args.state.run_count, args.channels); }
  static void store(const Args& args, const StateRun& run, int64_t behind, int64_t state, int64_t c) {
    const int64_t kept = args.taps - 1;
    for (int64_t i = 0; i < kept; ++i) {
      args.state.of(state)[i * args.channels + c] = convolved_at(args, run, behind - kept + i, c);
    }
  }
  static void run(const Args& args, Shared&) {
    for_elements(args.channels, [&](int64_t index, int64_t c) {
      const StateRun& run = args.state.runs[index];
      for (int64_t i = run.copy_begin; i < run.copy_end; ++i) {
        store(args, run, args.state.copies[i].rows, args.state.copies[i].state, c);
      }
      store(args, run, run.certain, run.to, c);
    });
  }
};

inline constexpr int64_t recur_rows_max = 512;  // of a state: key_dim

// A block is a panel, 16 columns, of a head's state of a run. Four threads share a column, each a chain of its rows.
struct Recur {
  struct Args {
    StateArgs state;
    const float* q = nullptr;  // (rows, key_heads, key_dim)
    const float* k = nullptr;
    const float* v = nullptr;        // (rows, heads, value_dim)
    const float* decays = nullptr;   // (rows, heads)
    const float* weights = nullptr;  // (rows, heads)
    float* out = nullptr;            // as v; overlaps nothing
    const float* skip = nullptr;     // (heads); null: 0
    int64_t heads = 0;
    int64_t key_heads = 0;
    int64_t key_dim = 0;  // at most recur_rows_max
    int64_t value_dim = 0;
    bool neighbours = false;  // which head of k a head has: head / (heads / key_heads), else head mod key_heads
    bool corrects = false;
    float scale = 1.0F;
  };
  static constexpr int columns = panel_outputs;
  static constexpr int chains = 4;
  static constexpr int threads = columns * chains;
  struct Shared {
    float state[recur_rows_max][columns];
  };
  static int64_t panels(const Args& args) { return ceil_div(args.value_dim, columns); }
  static Grid grid(const Args& args) { return {args.state.run_count * args.heads * panels(args)}; }

  // A thread's part: rows chain, chain + 4, ... of a column. Nobody else touches it.
  struct Part {
    int chain;
    int column;
    int64_t head;
    int64_t key;     // where the head's k and q begin in a row
    int64_t offset;  // of the panel in a state
    int64_t v_column;
    bool has_v;  // further columns of the state stay zero
  };

  static Part part_of(const Args& args, int64_t panel, int64_t head) {
    const int chain = thread_index() % chains, column = thread_index() / chains;
    const int64_t key_head = args.neighbours ? head / (args.heads / args.key_heads) : head % args.key_heads;
    const int64_t v_column = panel * columns + column;
    return {.chain = chain,
            .column = column,
            .head = head,
            .key = key_head * args.key_dim,
            .offset = (head * panels(args) + panel) * args.key_dim * columns,
            .v_column = v_column,
            .has_v = v_column < args.value_dim};
  }

  // (0 + 2) + (1 + 3); every thread of the column has it.
  static float sum_of_chains(float chain) {
    const float pair = chain + shuffle_xor(chain, 2);
    return pair + shuffle_xor(pair, 1);
  }

  static void load(const Args& args, const StateRun& run, const Part& part, Shared& shared) {
    const float* const from = run.from < 0 ? nullptr : args.state.of(run.from) + part.offset;
    for (int64_t i = part.chain; i < args.key_dim; i += chains) {
      shared.state[i][part.column] = from == nullptr ? 0.0F : from[i * columns + part.column];
    }
  }
  static void store(const Args& args, int64_t state, const Part& part, const Shared& shared) {
    float* const to = args.state.of(state) + part.offset;
    for (int64_t i = part.chain; i < args.key_dim; i += chains)
      to[i * columns + part.column] = shared.state[i][part.column];
  }

  static void advance(const Args& args, int64_t row, const Part& part, Shared& shared) {
    const int64_t key_row = row * args.key_heads * args.key_dim + part.key;
    const float* const k = args.k + key_row;
    const float* const q = args.q + key_row;
    const int64_t v_at = (row * args.heads + part.head) * args.value_dim + part.v_column;
    const float v = part.has_v ? args.v[v_at] : 0.0F;
    const float decay = args.decays[row * args.heads + part.head];
    float found = 0.0F;
    if (args.corrects) {
      for (int64_t i = part.chain; i < args.key_dim; i += chains) {
        found = std::fma(k[i], shared.state[i][part.column], found);
      }
      found = sum_of_chains(found);
    }
    const float left = args.corrects ? std::fma(-decay, found, v) : v;
    const float u = args.weights[row * args.heads + part.head] * left;
    float sum = 0.0F;
    for (int64_t i = part.chain; i < args.key_dim; i += chains) {
      float& value = shared.state[i][part.column];
      value = scalar::state_behind(value, decay, k[i], u);
      sum = std::fma(q[i], value, sum);
    }
    sum = sum_of_chains(sum);
    const float skip = args.skip == nullptr ? 0.0F : args.skip[part.head];
    if (part.chain == 0 && part.has_v) args.out[v_at] = scalar::state_output(sum, args.scale, skip, v);
  }

  static void run(const Args& args, Shared& shared) {
    const int64_t tasks = args.heads * panels(args);
    const StateRun& run = args.state.runs[block_index() / tasks];
    const int64_t task = block_index() % tasks;
    const Part part = part_of(args, task % panels(args), task / panels(args));
    load(args, run, part, shared);
    int64_t copy = run.copy_begin;
    for (int64_t r = 0; r <= run.rows; ++r) {
      for (; copy < run.copy_end && args.state.copies[copy].rows == r; ++copy) {
        store(args, args.state.copies[copy].state, part, shared);
      }
      if (r == run.certain) store(args, run.to, part, shared);  // the state behind guesses is nobody's
      if (r < run.rows) advance(args, run.row_begin + r, part, shared);
    }
  }
};

}  // namespace quire::gpu
