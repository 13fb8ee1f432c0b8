// What the scheduler keeps; private to sched/scheduler*.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "kv/memory_counts.h"
#include "sched/client_ledger.h"
#include "sched/draft_rows.h"
#include "sched/parallel_controller.h"
#include "sched/policy.h"
#include "sched/scheduler.h"
#include "sched/sequence_memory.h"
#include "sched/start_rate.h"
#include "sched/step_cost.h"

namespace quire {

// A sequence with what only the scheduler knows of it.
// Invariant between steps: computed <= reached <= length, and reached is the length only where all of it was computed
// before, at other positions. While a step runs its rows are not reached yet.
struct Entry {
  Sequence sequence;
  Rank rank;
  ClientAccount* account = nullptr;
  MemoryCounts least;         // with which it can run to its end alone
  int64_t waited_steps = 0;   // waiting or parked, without the present time
  int64_t waiting_since = 0;  // the step from which it waits or is parked now
  int32_t reached = 0;        // the largest `computed` there ever was: what is computed again below it was lost
  int32_t acceptance = acceptance_at_first;  // how likely its guesses are right
  int32_t end = -1;                          // of the planned slice; -1: not in the plan
  // While the plan is made ahead, of its slice in the step that runs; -1: none, or its rows are lost with the blocks.
  int32_t running_end = -1;
  bool waits = false;  // that step gives it its tokens before more of it can be planned
};

// Rows that a sequence wants with those of a class of the budget: up to `end`, from where it was given any before.
struct Claim {
  Entry* entry;
  int32_t budget_class;
  int32_t end;
};

struct Scheduler::State {
  explicit State(const Limits& limits_given);

  // scheduler.cpp
  int64_t service_bound() const;
  std::vector<Entry*>& list_of(const Entry& entry);
  void insert(std::vector<Entry*>& list, Entry& entry);
  void erase(std::vector<Entry*>& list, const Entry& entry);
  void count_on_the_running();
  void apply(Entry& entry, const Slice& slice, const SliceOutcome& outcome);
  void advance(Entry& entry, const Slice& slice, const SliceOutcome& outcome, bool rows_are_kept);
  void void_the_ended(StepPlan& ahead);
  void reach(Entry& entry, int32_t position, bool computed);
  void begin_anew(Entry& entry, std::span<const TokenId> tokens);
  void remove(Entry& entry);
  void settle_block_limit();

  // scheduler_plan.cpp, in the order of a step
  void follow_block_limit();
  void refresh_ranks();
  void pause_overserved();
  void choose_running();
  void park_squeezed();
  void adopt_published();
  void claim_rows();
  void share_budget();
  void claim_blocks();
  const StepPlan& write_plan();

  // Leaves of the above.
  Entry* first_candidate() const;
  bool make_room(Entry& candidate);
  bool has_rows_for(const Entry& candidate) const;
  int64_t rows_before(uint8_t band) const;
  MemoryCounts memory_needed(const Entry& entry) const;
  bool has_memory_for(const Entry& candidate, const MemoryCounts& room) const;
  MemoryCounts memory_reclaimable(const Entry& candidate) const;
  void start(Entry& entry);
  void park(Entry& entry);
  bool release_lowest_parked(const Entry* above);
  int32_t adoptable_end(const Entry& entry) const;
  void adopt(Entry& entry);
  bool follows_a_leader(const Entry& entry) const;
  void lead(Entry& entry);
  bool streams(const Entry& entry) const;
  int64_t share_class(std::span<const Claim> members, int64_t budget);
  bool price_drafts(int64_t streams, int64_t budget);
  void share_drafts(std::span<const Claim> members, int64_t streams, int64_t budget);

  // scheduler_view.cpp
  WaitReason first_waits_for();
  ClassCounts counts_of(MemoryClass of) const;

  // scheduler_check.cpp
  void check() const;
  void check_lists() const;
  void check_entry(const Entry& entry) const;
  void check_plan(const StepPlan& plan, bool is_last) const;
  void check_slice(const Entry& entry, const Slice& slice) const;
  void check_clients() const;

  const Limits limits;
  const Policy policy;
  SequenceMemory memory;
  ClientLedger ledger;
  StepCost cost;
  ParallelController parallel;
  StartRate start_rate;
  std::unordered_map<SequenceId, std::unique_ptr<Entry>> entries;  // never walked for a decision

  // Every entry is in exactly one; each is sorted by rank.
  std::vector<Entry*> waiting, running, parked;

  // The step that is being planned or computed. Scratch keeps its memory from step to step.
  std::array<StepPlan, 2> plans;
  size_t oldest = 0;           // of the plans, the one that is committed next
  int32_t planned = 0;         // plans with slices that wait for their commit: two after one that was made ahead
  bool counted_on = false;     // a plan was made while the step of the oldest one runs
  int64_t running_tokens = 0;  // that the step which runs may generate, where it is counted on
  int64_t now_ns = 0;
  int32_t step_tokens = 0;         // the rows that the plan might have had
  bool seat_wanted = false;        // somebody could not start for want of a seat
  std::vector<Claim> claims;       // by class, then rank
  std::vector<Entry*> leaders;     // those whose present block will be full
  std::vector<DraftOffer> offers;  // of the claims that are drafts
  TreeMatch matched;               // the part of the tree that the candidate could start with
  const TreeMatch no_match;

  MemoryCounts block_limit_wanted;  // what was asked for
  MemoryCounts block_limit;         // what holds: no less than an admitted sequence may need
  int64_t waiting_tokens = 0;       // of the prompts in `waiting`
  int32_t step_tokens_most = 1;     // the largest step_tokens_max that was ever admitted

  // Of the clients that wait, by band: the least that was computed for one; service and the widest gap there ever was.
  std::array<int64_t, band_count> waiting_consumed{};
  int64_t service_gap_max = 0;
  int64_t aged_starts = 0;  // out of turn: from the first on the gap is not bounded

  int64_t steps = 0;
  int64_t starts = 0;
  int64_t preemptions = 0;
  int64_t pauses = 0;
  int64_t squeezes = 0;
  int64_t prefix_hit_tokens = 0;
  int64_t recomputed_tokens = 0;
  int64_t voided_slices = 0;
  int64_t voided_rows = 0;
};

}  // namespace quire
