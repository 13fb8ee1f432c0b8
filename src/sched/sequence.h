// One request's timeline: its tokens, how many of them are computed, and what it holds of memory for them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/ids.h"
#include "core/request.h"
#include "core/view.h"

namespace quire {

// What the scheduler must know of a request. Texts and sampling are the engine's business.
struct SequenceDemand {
  SequenceId id;
  std::vector<TokenId> prompt;
  int32_t length_max = 0;         // prompt and answer together at most
  int32_t step_tokens_max = 1;    // that one step may generate at most
  bool waits_for_tokens = false;  // what it computes next hangs on the token before: that step has ended then
  bool use_cache = true;
  uint8_t priority = 3;
  uint64_t cache_salt = 0;
  std::string client;
  int32_t client_weight = 1;
  int64_t arrived_ns = 0;
  int64_t deadline_ns = -1;
  int64_t queue_deadline_ns = -1;
};

// Owned by the scheduler; engine thread only.
// Invariants: computed <= issued <= length(); blocks cover [0, issued) and, while in a plan, the planned slice too;
// window blocks are there for what rows from `computed` on see of that; where there are states, one is there for
// exactly `computed`, unless that is 0; a waiting sequence holds nothing.
struct Sequence {
  SequenceId id;
  std::vector<TokenId> tokens;  // prompt, then what was generated
  std::vector<TokenId> draft;   // guesses at what comes behind them, for the next plan alone
  int32_t prompt_length = 0;
  int32_t length_max = 0;
  int32_t step_tokens_max = 1;
  bool waits_for_tokens = false;
  int32_t computed = 0;  // positions whose KV rows are in blocks
  // What a plan counts on that is made while a step runs: positions whose rows are there when that has ended, and
  // tokens that it will have given, one at most. Where it is in no such step, `computed` and none.
  int32_t issued = 0;
  int32_t awaited = 0;
  std::vector<BlockId> blocks;  // append-only; publishing may exchange a full one for its equal
  // Of a model with windows: with the indices of `blocks`, invalid where no row from `computed` on sees them.
  std::vector<BlockId> window_blocks;
  // Of a model with states: its own, from its first slice on, and where the one behind `computed` is. That is its own,
  // or after a hit a snapshot until a slice has read it.
  BlockId own_state, state_from;
  std::vector<StateSnapshot> snapshots;  // that the planned slice writes; a node has them once it is computed
  StateSnapshot following;               // the last one that it wrote for nobody but itself; position 0: none
  int32_t path_end = 0;                  // how far the tree went on when it started, beyond what it could take
  SequenceState state = SequenceState::waiting;
  bool use_cache = true;
  uint8_t priority = 3;
  uint64_t cache_salt = 0;
  int64_t arrived_ns = 0;
  int64_t deadline_ns = -1;
  int64_t queue_deadline_ns = -1;  // counts until first_planned_ns is known

  // For people and for RequestStats.
  int64_t first_planned_ns = -1;  // when a step first computed a token of it
  int32_t cached_tokens = 0;      // of the prompt, taken from the prefix tree at first admission
  int32_t preemptions = 0;
  int64_t recomputed_tokens = 0;

  int32_t length() const { return static_cast<int32_t>(tokens.size()); }
  int32_t expected_length() const { return length() + awaited; }
  // How many rows the next plan can have of it.
  int32_t behind() const { return expected_length() - issued; }
  // How position `position` came to be: fixed by the timeline alone, the same after a preemption.
  RowOrigin origin(int32_t position) const {
    return position < prompt_length ? RowOrigin::prompt : RowOrigin::generated;
  }
};

}  // namespace quire
