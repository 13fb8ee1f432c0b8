// Recur of kernels/gpu/recurrent.h: a block is a panel, 16 columns, of a head's state of a run. Four threads share a
// column, each a chain of its rows, which it keeps.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "states.glsl"

struct Arguments {
  States state;
  Floats q;
  Floats k;
  Floats v;
  Floats decays;
  Floats weights;
  Floats result;
  Floats skip;
  int64_t heads;
  int64_t key_heads;
  int64_t key_dim;
  int64_t value_dim;
  uint8_t neighbours;
  uint8_t corrects;
  float scale;
};
#include "launch.glsl"

const int columns = 16;
const int chains = 4;
const int chain_rows_max = 512 / chains;
layout(local_size_x = columns * chains) in;

shared float of_chains[columns][chains];

float state[chain_rows_max];  // rows chain, chain + 4, ... of the column

int chain() { return thread_index() % chains; }
int column() { return thread_index() / chains; }
int chain_rows() { return quotient_up(int(args.key_dim) - chain(), chains); }

// (0 + 2) + (1 + 3). All threads of the block come here.
float sum_of_chains(float own) {
  barrier();
  of_chains[column()][chain()] = own;
  barrier();
  return sum(sum(of_chains[column()][0], of_chains[column()][2]), sum(of_chains[column()][1], of_chains[column()][3]));
}

Floats state_at(int64_t index, int64_t offset) { return from(args.state.states, index * args.state.stride + offset); }

void load_state(int64_t begins_from, int64_t offset) {
  for (int i = 0; i < chain_rows(); ++i) {
    state[i] = 0.0;
    if (begins_from >= 0l) state[i] = state_at(begins_from, offset).at[(chain() + i * chains) * columns + column()];
  }
}

void store_state(int64_t to, int64_t offset) {
  for (int i = 0; i < chain_rows(); ++i) {
    state_at(to, offset).at[(chain() + i * chains) * columns + column()] = state[i];
  }
}

void advance(int64_t row, int head, int key, int v_column) {
  const int64_t key_row = row * args.key_heads * args.key_dim + key;
  const int64_t head_row = row * args.heads + head;
  Floats k = from(args.k, key_row);
  Floats q = from(args.q, key_row);
  const bool has_v = v_column < int(args.value_dim), corrects = args.corrects != uint8_t(0);
  const int64_t v_at = head_row * args.value_dim + v_column;
  float v = 0.0;
  if (has_v) v = from(args.v, v_at).at[0];
  const float decay = from(args.decays, head_row).at[0];
  float left = v;
  if (corrects) {
    float found = 0.0;
    for (int i = 0; i < chain_rows(); ++i) found = fused(k.at[chain() + i * chains], state[i], found);
    left = fused(-decay, sum_of_chains(found), v);
  }
  const float u = product(from(args.weights, head_row).at[0], left);
  float read = 0.0;
  for (int i = 0; i < chain_rows(); ++i) {
    state[i] = fused(k.at[chain() + i * chains], u, product(decay, state[i]));
    read = fused(q.at[chain() + i * chains], state[i], read);
  }
  read = sum_of_chains(read);
  if (chain() != 0 || !has_v) return;
  float skip = 0.0;
  if (!is_null(uint64_t(args.skip))) skip = args.skip.at[head];
  from(args.result, v_at).at[0] = fused(skip, v, product(args.scale, read));
}

void main() {
  if (!begins()) return;
  const int heads = int(args.heads), key_heads = int(args.key_heads), key_dim = int(args.key_dim);
  const int panels = quotient_up(int(args.value_dim), columns), task = int(block_index()) % (heads * panels);
  const StateRun run = args.state.runs.at[int(block_index()) / (heads * panels)];
  const int head = task / panels, panel = task % panels;
  const int key_head = args.neighbours != uint8_t(0) ? head / (heads / key_heads) : head % key_heads;
  const int64_t offset = int64_t(head * panels + panel) * key_dim * columns;
  load_state(run.begins_from, offset);
  int64_t copy = run.copy_begin;
  for (int64_t r = 0l; r <= run.rows; ++r) {
    for (; copy < run.copy_end && args.state.copies.at[int(copy)].rows == r; ++copy) {
      store_state(args.state.copies.at[int(copy)].state, offset);
    }
    if (r == run.certain) store_state(run.to, offset);  // the state behind guesses is nobody's
    if (r < run.rows) advance(run.row_begin + r, head, key_head * key_dim, panel * columns + column());
  }
}
