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

// What is wanted of the rows behind which a token is chosen. The likeliest is the first of the largest logits.
enum class ChoiceNeeds : uint8_t { nothing, likeliest, logits };

// The rows [row_begin, row_end) of a batch that belong to one sequence, at consecutive positions.
struct BatchSlice {
  SequenceId sequence;
  int32_t row_begin = 0;
  int32_t row_end = 0;
  int32_t position_begin = 0;                // position of row_begin in its block table: that in its sequence, but for
  int32_t positions_before = 0;              // ... so many that come before the table's, which it does not see
  std::span<const BlockId> blocks;           // the sequence's block table; covers every position below the slice's end
  std::span<const BlockId> window_blocks;    // the same in the layers with windows; invalid where no row sees it
  BlockId state;                             // the state behind its rows goes there, but for the last drafted ones
  BlockId state_from;                        // the state before its rows: `state`, a snapshot, or invalid at position 0
  std::span<const StateSnapshot> snapshots;  // of edges that its certain rows pass, in order
  int32_t drafted = 0;                       // its last so many rows are of guesses (Executor::keep)
  int32_t logits_row = -1;                   // row of Logits that its first sampled row fills; -1: it is not sampled
  int32_t logits_rows = 1;                   // its last so many rows are sampled, where any is
  bool likeliest = false;                    // of these nothing but the likeliest token is wanted
};

// Borrowed from the engine for the call. Row r is token tokens[r] of origin origins[r].
struct Batch {
  std::span<const TokenId> tokens;     // (rows)
  std::span<const RowOrigin> origins;  // (rows)
  std::span<const BatchSlice> slices;  // cover the rows in order, without gaps
  int32_t logits_rows = 0;             // of all slices
  std::span<const float> states = {};  // (rows, width): beside each token, of models that read them
};

// Nothing can be chosen: a logit is NaN or plus infinity, or all are minus infinity.
inline constexpr TokenId no_likeliest = -1;

// Logits of the sampled rows: (rows, vocab), row-major. Owned by the executor, valid until its next step.
struct Logits {
  std::span<const float> values;  // undefined in rows of which the likeliest token is wanted
  int32_t vocab = 0;
  std::span<const TokenId> likeliest = {};  // (rows): undefined in the others; empty where no row is of that kind
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
