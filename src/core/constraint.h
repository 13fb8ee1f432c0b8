// What an answer may say, token by token: the seam between whoever compiles it and the step loop.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/ids.h"

namespace quire {

// Where one answer is in its constraint. States of one Constraint share what it has learned: all of them are used by
// one thread at a time.
class ConstraintState {
 public:
  virtual ~ConstraintState() = default;
  // The tokens that may come next, one bit each: token t is bit t % 64 of word t / 64. End tokens are among them where
  // the text is complete. Empty: every token may come. Never without a bit. Valid until the next call.
  virtual std::span<const uint64_t> allowed() = 0;
  // The answer goes on with this token, an end token included. REQUIRES: it is allowed.
  virtual void accept(TokenId token) = 0;
  // Appends the tokens that come next whatever might be chosen: at most Constraint::forced_max() of them, each allowed
  // where it comes, and no end token. A function of the constraint and the tokens that were accepted.
  virtual void append_forced(std::vector<TokenId>& /*tokens*/) {}
};

// Shared by all answers that are constrained alike. Any thread.
class Constraint {
 public:
  virtual ~Constraint() = default;
  // Before the answer's first token.
  virtual std::unique_ptr<ConstraintState> begin() const = 0;
  // Tokens that come behind one that was chosen, at most; 0: each is chosen.
  virtual int32_t forced_max() const { return 0; }
};

}  // namespace quire
