// One request's timeline: its tokens, how many of them are computed, and the blocks that hold them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/request.h"
#include "core/view.h"

namespace quire {

// What the scheduler must know of a request. Texts and sampling are the engine's business.
struct SequenceDemand {
  SequenceId id;
  std::vector<TokenId> prompt;
  int32_t length_max = 0;       // prompt and answer together at most
  int32_t step_tokens_max = 1;  // that one step may generate at most
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
// Invariants: computed <= length(); blocks cover [0, computed) and, while in a plan, the planned slice too;
// a waiting sequence holds no block.
struct Sequence {
  SequenceId id;
  std::vector<TokenId> tokens;  // prompt, then what was generated
  std::vector<TokenId> draft;   // guesses at what comes behind them, for the next plan alone
  int32_t prompt_length = 0;
  int32_t length_max = 0;
  int32_t step_tokens_max = 1;
  int32_t computed = 0;         // positions whose KV rows are in blocks
  std::vector<BlockId> blocks;  // append-only; publishing may exchange a full one for its equal
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
  // How position `position` came to be: fixed by the timeline alone, the same after a preemption.
  RowOrigin origin(int32_t position) const {
    return position < prompt_length ? RowOrigin::prompt : RowOrigin::generated;
  }
};

}  // namespace quire
