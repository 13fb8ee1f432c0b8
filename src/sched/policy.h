// The one place where scheduling policy lives: who goes first, how a step is shared, what memory is kept back.
#pragma once

#include <compare>
#include <cstdint>

#include "core/limits.h"
#include "sched/client_ledger.h"
#include "sched/sequence.h"
#include "sched/step_cost.h"

namespace quire {

// A sequence's place in the order of its kind: the smallest waiting or parked one starts first; the smallest running
// one takes memory first and is parked last.
struct Rank {
  uint8_t band = 0;     // 0 first ... 7 last, as ageing has lifted it
  int64_t service = 0;  // waiting and parked: its client's; running: the number of its start
  int64_t arrived_ns = 0;
  SequenceId id;  // no two are equal
  auto operator<=>(const Rank&) const = default;
};

// Answers in numbers what Scheduler asks about one sequence; it holds no list and sees no other sequence.
// A new rule is a new term of an answer, never a branch of Scheduler.
// Engine thread only. Every answer is a function of the arguments and the limits.
class Policy {
 public:
  explicit Policy(const Limits& limits) : limits_(limits) {}

  // Of one that waits or is parked, and has done so for `waited_steps` in all.
  Rank candidate_rank(const Sequence& sequence, const ClientAccount& account, int64_t waited_steps) const;
  // Of one that runs: it keeps the band in which it started.
  Rank running_rank(const Sequence& sequence, uint8_t band, int64_t start_number) const;
  // May `candidate` take the place of `running`? Ageing protects who runs, and is no weapon of who waits: an aged one
  // takes no place of its equals.
  bool displaces(const Sequence& candidate, const Rank& running) const { return candidate.priority < running.band; }
  // Was a client served so much more than one that waits in its band that it must pause? `step_tokens` is the most
  // that the next step can generate for it. An aged sequence is exempt: its turn is not its client's.
  bool pauses(const Rank& running, const ClientAccount& account, int64_t waiting_consumed, int64_t step_tokens,
              int64_t service_bound) const;

  // Sequences that may run together at most: each running stream gets its token in each step, so never more than rows.
  int32_t running_max() const;
  // Rows of a step, but for one text that is longer.
  int32_t step_tokens() const { return limits_.step_tokens_max; }
  // Rows that a step must have for the sequence to be in it at all.
  int32_t rows_at_once(const Sequence& sequence) const { return limits_.whole_texts ? sequence.length() : 1; }
  // A step's rows go to the smallest class first; those of one class share them equally, but drafts, which come last
  // and are given theirs by what they promise (sched/draft_rows.h). `behind` is how many tokens the sequence could
  // compute now. In each band streams come before prompts.
  static int32_t budget_class(const Rank& running, int32_t behind) { return 3 * running.band + (behind > 1 ? 2 : 0); }
  static bool is_stream_class(int32_t budget_class) { return budget_class % 3 == 0; }
  // Between the two: what is known of streams behind the one token that each of them computes.
  static int32_t known_class(const Rank& running) { return 3 * running.band + 1; }
  static bool is_known_class(int32_t budget_class) { return budget_class % 3 == 1; }
  static constexpr int32_t draft_class = 3 * band_count;
  // Rows of a step for what is known, beside so many streams: they were not asked whether they would wait for it.
  int32_t known_rows_beside(const StepCost& cost, int32_t streams) const;
  // The gap between two tokens that a step with so many streams may make; 0: nothing is known yet.
  int64_t target_gap_ns(const StepCost& cost, int32_t streams) const;
  // Rows of a step in which so many streams are protected from the prompts beside and below them.
  int32_t step_tokens_beside(const StepCost& cost, int32_t streams) const;

  // Tokens beyond its present length for which memory is kept back while others are admitted.
  int32_t expected_growth(const Sequence& sequence) const;

 private:
  const Limits limits_;
};

}  // namespace quire
