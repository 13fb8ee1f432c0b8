// Who computes how many tokens next. A pure state machine over integers: no clock, thread, tensor or socket.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "core/limits.h"
#include "core/plan.h"
#include "core/request.h"
#include "sched/sequence.h"
#include "sched/step_cost.h"

namespace quire {

// A stream that could be guessed at.
struct GuessBound {
  SequenceId sequence;
  int32_t most = 0;  // guesses that it could use; given: that it should have rows for
};

// What became of one slice of the last plan.
struct SliceOutcome {
  SequenceId sequence;
  std::optional<TokenId> sampled;  // for a slice that samples and did not fail
  // Tokens behind it that were known as soon as it was: at most step_tokens_max - 1 of the demand. Borrowed for commit.
  std::span<const TokenId> forced = {};
  // Not empty: from here on the sequence is one that begins with these, in its seat: at least a token fewer than
  // length_max. Of tokens that were there before, so that its client is not charged for them. Borrowed for commit.
  std::span<const TokenId> anew = {};
  // Of a slice with drafted rows: of the tokens from `sampled` on, how many the draft had guessed, one after the other,
  // so that their rows are computed. What was guessed behind them is forgotten.
  int32_t accepted = 0;
  bool finished = false;  // the sequence ends with this step (end token, stop string, length, error)
  bool failed = false;    // nothing of this slice was computed; REQUIRES finished
  bool voided = false;    // the sequence was cancelled while the step ran, which computed this slice for nothing
};

// Sequences of one band, as their requests asked for it.
struct BandCounts {
  int32_t waiting = 0, running = 0, parked = 0;
};

// Of a class of memory beside full blocks, which is empty where the model has none of it.
struct ClassCounts {
  int32_t total = 0, held = 0, cached = 0, withheld = 0;
  int32_t limit = 0;  // those that may be in use
  int64_t evictions = 0;
  int32_t free() const { return total - held - cached - withheld; }
};

struct SchedulerCounts {
  int32_t waiting = 0, running = 0, parked = 0;
  std::array<BandCounts, band_count> bands{};
  int64_t waiting_tokens = 0;  // of the prompts of the waiting ones
  int32_t blocks_free = 0, blocks_held = 0, blocks_cached = 0, blocks_total = 0;
  int32_t blocks_shared = 0;    // of those held: by more than one sequence
  int32_t blocks_parked = 0;    // in the tables of parked sequences, one that several hold counted for each
  int32_t block_limit = 0;      // those that may be in use; the rest waits for memory
  int64_t service_gap_max = 0;  // in tokens: the widest gap between clients that both waited in a band
  int64_t service_bound = 0;    // ... and what it may be
  int64_t pauses = 0;           // parked because their clients were served too much
  int64_t squeezes = 0;         // parked because more urgent prompts needed the step
  int64_t aged_starts = 0;      // started in a band more urgent than their own
  int32_t blocks_withheld = 0;
  ClassCounts windows, states;
  int64_t evictions = 0, preemptions = 0, prefix_hit_tokens = 0, recomputed_tokens = 0, steps = 0;
  int64_t voided_slices = 0;  // planned while a step ran in which their sequences ended: they are not computed
  int64_t voided_rows = 0;    // computed for sequences that were cancelled, or lost their blocks, while the step ran
};

// Owned by the engine thread; not thread-safe.
// Protocol: any number of admit / cancel, then plan, then commit with one outcome for each slice of that plan.
// cancel between plan and commit is not allowed: the engine applies cancels before it plans.
// Where plans may be made ahead (Limits::plans_ahead), a step whose plan was made last may run on while all this goes
// on, up to the next plan and its own commit behind that: docs/scheduling.md#a-plan-that-is-made-ahead.
class Scheduler {
 public:
  explicit Scheduler(const Limits& limits);
  ~Scheduler();

  // Into the queue. Refused at once (too_large) when it could never fit, or (busy) when the queue is full.
  Result<void> admit(SequenceDemand demand);
  // Ends a sequence wherever it is; its blocks return before the next plan. False: no such sequence any more.
  bool cancel(SequenceId id);
  // What may come behind the tokens of a sequence, for the next plan alone: rows that nobody else could use are given
  // to it where that should pay. Only what the plan takes of it matters, and that to no token. REQUIRES: fewer than
  // length_max - length, and than step_tokens_max of its demand.
  void guess(SequenceId id, std::span<const TokenId> tokens);
  // How many guesses at each of these the next plan should have rows for, where guesses have a price of their own: 0
  // unless it would be one of streams alone.
  void bound_guesses(std::span<GuessBound> bounds);
  // The next step's slices; empty when nothing can run. Valid until its commit. Made while a step runs it counts on
  // each slice of that to be computed and, where it samples, to give one token and to go on. Who ends instead has no
  // slice of it any more when that step is committed, after which it may be issued.
  const StepPlan& plan(int64_t now_ns);
  // What a step of so many rows is expected to take, by those that were observed; 0: not known.
  int64_t expected_step_ns(int32_t streams, int32_t prompt_rows, int32_t draft_rows) const;
  // What the last committed step cost, to learn from.
  void observe(const StepObservation& observation);
  // Blocks (or states) of a class that may be in use from the next plan on: what is over is evicted, then parked. Kept
  // between what the largest request that was let in needs and the number that there are.
  void set_block_limit(int32_t blocks, MemoryClass of = MemoryClass::full);
  // Applies the outcomes of the oldest plan: computed and tokens grow, full blocks are published, what no later row
  // sees is let go, ended sequences go.
  void commit(std::span<const SliceOutcome> outcomes);

  // Null when it is not known (never admitted, or finished and committed).
  const Sequence* find(SequenceId id) const;
  // Sequences whose deadline (of the queue: while nothing of them was computed) has passed at now_ns, in order of id:
  // the engine ends them by cancel.
  std::vector<SequenceId> expired(int64_t now_ns) const;
  // Blocks that were handed out by the last plan: what they hold is nobody's (poisoned in debug builds).
  std::span<const BlockId> fresh_blocks(MemoryClass of = MemoryClass::full) const;
  // Blocks that the last plan took out of use: their memory can be given back.
  std::span<const BlockId> withheld_blocks(MemoryClass of = MemoryClass::full) const;
  SchedulerCounts counts() const;
  ControllerView controller() const;
  // Replaces `views` by one of each sequence: running ones in order of rank, then the others in theirs.
  void view(std::vector<SequenceView>& views) const;
  // Every invariant of docs/scheduling.md that can be seen from inside; stops the program when one is broken.
  void check_invariants() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace quire
