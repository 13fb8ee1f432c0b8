// Who guesses at the tokens behind each stream.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/ids.h"
#include "core/request.h"

namespace quire {

inline constexpr int32_t draft_tokens_max = 8;  // behind one stream

// A stream, and what is guessed behind it. Borrowed for the call.
struct DraftPlace {
  const Request* request = nullptr;
  std::span<const TokenId> timeline;   // prompt and answer; the last token's row is not computed yet
  size_t prompt_tokens = 0;            // of them; of a context that began anew what it began with
  std::span<const BlockId> blocks;     // of all positions but the last one's, and perhaps of that
  std::span<const TokenId> forbidden;  // never chosen next
  int32_t most = 0;                    // guesses that can be used
  std::vector<TokenId> guesses;        // given
};

// Rows of one sequence that a step has computed, but for wrong guesses. Borrowed for the call.
struct ComputedRows {
  SequenceId sequence;
  int32_t row_begin = 0;          // of the step's batch
  int32_t position_begin = 0;     // of that row
  std::span<const TokenId> next;  // what comes behind each of them
  std::span<const BlockId> blocks;
};

// Called between steps, on the engine's thread. A wrong guess costs rows that nobody else could use, a right one saves
// a step, and neither changes a token.
class Drafter {
 public:
  virtual ~Drafter() = default;
  // Whether guesses take time that is worth asking for: then `most` is no more than the next step should have rows for.
  virtual bool computes() const = 0;
  // Appends at most `most` guesses behind each of the places.
  virtual void guess(std::span<DraftPlace> places) = 0;
  // After each step: rows behind which the next token is known. The executor has their states until its next issue,
  // and before that comes a call of guess().
  virtual void computed(std::span<const ComputedRows> /*rows*/) {}
  // A request has ended, whose answer goes on behind the first `before` tokens of the timeline.
  virtual void ended(const Request& /*request*/, std::span<const TokenId> /*timeline*/, size_t /*before*/) {}
  // As Executor's, for what is kept of full blocks beside their rows.
  virtual void forget(std::span<const BlockId> /*blocks*/) {}
  virtual void discard(std::span<const BlockId> /*blocks*/) {}
};

// By looking up in the timeline itself (engine/lookup_draft.h) and in answers of the same salt that have ended.
std::unique_ptr<Drafter> lookup_drafter();

}  // namespace quire
