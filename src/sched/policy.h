// The one place where scheduling policy lives: who goes first, how a step is shared, what memory is kept back.
#pragma once

#include <compare>
#include <cstdint>

#include "core/limits.h"
#include "sched/sequence.h"

namespace quire {

// A sequence's place in the one order that everything follows: the smallest starts first, takes memory first and is
// parked last.
struct Rank {
  uint8_t band = 0;  // 0 first ... 7 last
  int64_t arrived_ns = 0;
  SequenceId id;  // no two are equal
  auto operator<=>(const Rank&) const = default;
};

// Answers in numbers what Scheduler asks about each sequence alone; it holds no list and sees no other sequence.
// A new rule is a new term of an answer, never a branch of Scheduler.
// Engine thread only. Every answer is a function of the arguments and the limits.
class Policy {
 public:
  explicit Policy(const Limits& limits) : limits_(limits) {}

  Rank rank(const Sequence& sequence) const;
  // May `candidate` take the place of `running`?
  bool displaces(const Rank& candidate, const Rank& running) const { return candidate.band < running.band; }

  // Sequences that may run together: each running stream gets its token in each step, so never more than rows.
  int32_t running_max() const;
  // Rows of a step.
  int32_t step_tokens() const { return limits_.step_tokens_max; }
  // A step's rows go to the smallest class first; those of one class share them equally. `behind` is how many tokens
  // the sequence could compute now.
  int32_t budget_class(const Sequence& sequence, int32_t behind) const;

  // Tokens beyond its present length for which memory is kept back while others are admitted.
  int32_t expected_growth(const Sequence& sequence) const;

 private:
  const Limits limits_;
};

}  // namespace quire
