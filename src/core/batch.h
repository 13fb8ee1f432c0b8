// A plan flattened into rows: what an executor computes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/ids.h"
#include "core/request.h"

namespace quire {

// The state behind all rows before `position`, the edge of a block, goes to `state` too.
struct StateSnapshot {
  int32_t position = 0;
  BlockId state;
};

// The rows [row_begin, row_end) of a batch that belong to one sequence, at consecutive positions.
struct BatchSlice {
  SequenceId sequence;
  int32_t row_begin = 0;
  int32_t row_end = 0;
  int32_t position_begin = 0;                // position of row_begin in its sequence
  std::span<const BlockId> blocks;           // the sequence's block table; covers every position below the slice's end
  std::span<const BlockId> window_blocks;    // the same in the layers with windows; invalid where no row sees it
  BlockId state;                             // the state behind its rows goes there, but for the last drafted ones
  BlockId state_from;                        // the state before its rows: `state`, a snapshot, or invalid at position 0
  std::span<const StateSnapshot> snapshots;  // of edges that its certain rows pass, in order
  int32_t drafted = 0;                       // its last so many rows are of guesses (Executor::keep)
  int32_t logits_row = -1;                   // row of Logits that its first sampled row fills; -1: it is not sampled
  int32_t logits_rows = 1;                   // its last so many rows are sampled, where any is
};

// Borrowed from the engine for the call. Row r is token tokens[r] of origin origins[r].
struct Batch {
  std::span<const TokenId> tokens;     // (rows)
  std::span<const RowOrigin> origins;  // (rows)
  std::span<const BatchSlice> slices;  // cover the rows in order, without gaps
  int32_t logits_rows = 0;             // of all slices
};

// Logits of the sampled rows: (rows, vocab), row-major. Owned by the executor, valid until its next forward.
struct Logits {
  std::span<const float> values;
  int32_t vocab = 0;
  std::span<const float> row(int32_t index) const {
    return values.subspan(static_cast<size_t>(index) * static_cast<size_t>(vocab), static_cast<size_t>(vocab));
  }
};

// What the output matrix reads of rows: (rows, width), row-major. Owned as Logits are.
struct HiddenStates {
  std::span<const float> values;
  int32_t width = 0;
  std::span<const float> row(int32_t index) const {
    return values.subspan(static_cast<size_t>(index) * static_cast<size_t>(width), static_cast<size_t>(width));
  }
};

}  // namespace quire
