// Every size that is fixed at start.
#pragma once

#include <cstdint>

namespace quire {

struct Limits {
  int32_t block_tokens = 32;  // tokens of a KV block; a multiple of 32 for real kernels, 1 or 2 in small worlds
  int32_t block_count = 0;    // KV blocks of the pool
  // Classes of memory beside full blocks; 0: the model has none of it.
  int32_t window_tokens = 0;        // positions that a row sees through the longest window, its own among them
  int32_t window_block_count = 0;   // blocks of the layers with windows
  int32_t state_count = 0;          // states of recurrent layers: those of sequences, and snapshots
  int32_t snapshot_tokens = 2048;   // of a prompt, between two snapshots; a multiple of block_tokens
  bool prompt_rows_differ = false;  // rows of prompts have an arithmetic of their own: blocks are keyed by them
  bool whole_texts = false;       // rows see those behind them too: one step computes a whole sequence, which then ends
  int32_t context_tokens = 0;     // longest sequence, prompt and answer together
  int32_t running_max = 64;       // sequences that may hold blocks and be in a step
  int32_t queue_max = 512;        // sequences that may wait
  int32_t step_tokens_max = 512;  // rows of a step
  int32_t draft_rows_max = 16;    // ... that may be of tokens which are only guessed
  int32_t plans_ahead = 0;        // plans that may be made while a step runs: 1 on devices, 0 where the host computes
  int64_t queue_tokens_max = int64_t{1} << 20;  // prompt tokens that may wait, one request always may; 0: no bound
  int64_t target_gap_ns = 0;           // between two tokens of a stream; 0: derived from the step time at one context
  int32_t prompt_rows_min = 4;         // of a step, for prompts that are there, whatever the target says
  int32_t parallel_start = 8;          // sequences that run together before anything was measured
  int32_t answer_tokens_expected = 0;  // an answer's length for which memory is kept back before it is longer
  int32_t ageing_steps = 8192;         // of waiting, after which a sequence counts as one band more urgent
  int32_t clients_max = 4096;          // idle clients whose service is remembered
  bool parallel_adapts = true;         // a controller moves the parallelism below running_max
};

}  // namespace quire
