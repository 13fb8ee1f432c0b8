#include "sched/scheduler.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "sched/scheduler_state.h"

namespace quire {

namespace {

bool ranks_before(const Entry* a, const Entry* b) { return a->rank < b->rank; }

std::string too_large_message(const SequenceDemand& demand, const MemoryCounts& needed, const MemoryCounts& there_are,
                              const Limits& limits) {
  const bool by_windows = needed.full <= there_are.full;
  const MemoryClass of = by_windows ? MemoryClass::window : MemoryClass::full;
  return "the request needs " + std::to_string(needed[of]) + (by_windows ? " window" : " KV") + " blocks of " +
         std::to_string(limits.block_tokens) + " tokens (a prompt of " + std::to_string(demand.prompt.size()) + ", " +
         std::to_string(demand.length_max) + " with its answer) and there are " + std::to_string(there_are[of]);
}

}  // namespace

Scheduler::State::State(const Limits& limits_given)
    : limits(limits_given),
      policy(limits),
      memory(limits),
      ledger(limits.clients_max),
      cost(policy.running_max()),
      parallel({.parallel_max = policy.running_max(),
                .start = limits.parallel_start,
                .adapts = limits.parallel_adapts && !limits.whole_texts,
                .gap_max_ns = limits.target_gap_ns}),
      block_limit_wanted(memory.counts()),
      block_limit(memory.counts()) {
  QUIRE_CHECK(limits.block_count > 0 && limits.step_tokens_max > 0 && limits.queue_max >= 0, "limits are set");
  QUIRE_CHECK(limits.plans_ahead == 0 || limits.plans_ahead == 1, "one step runs while another is planned");
  const size_t running_max = static_cast<size_t>(policy.running_max());
  waiting.reserve(static_cast<size_t>(limits.queue_max));
  running.reserve(running_max);
  parked.reserve(running_max);
  claims.reserve(2 * running_max);
  leaders.reserve(running_max);
  for (StepPlan& plan : plans) plan.slices.reserve(running_max);
  matched.blocks.reserve(static_cast<size_t>(limits.block_count));
  if (memory.has_windows()) matched.window_blocks.reserve(static_cast<size_t>(limits.block_count));
}

// U of docs/scheduling.md: what the pool holds, and what one step may add of tokens that are forced; and all that a
// step generates which is not committed yet.
int64_t Scheduler::State::service_bound() const {
  const int64_t pool_tokens = int64_t{limits.block_count} * limits.block_tokens;
  const int64_t steps_tokens = int64_t{1 + limits.plans_ahead} * step_tokens_most;
  return ledger.bound(pool_tokens + policy.running_max() * (steps_tokens - 1));
}

std::vector<Entry*>& Scheduler::State::list_of(const Entry& entry) {
  switch (entry.sequence.state) {
    case SequenceState::waiting:
      return waiting;
    case SequenceState::running:
      return running;
    default:
      return parked;
  }
}

void Scheduler::State::insert(std::vector<Entry*>& list, Entry& entry) {
  list.insert(std::ranges::upper_bound(list, &entry, ranks_before), &entry);
}

void Scheduler::State::erase(std::vector<Entry*>& list, const Entry& entry) {
  const auto at = std::ranges::find(list, &entry);
  QUIRE_CHECK(at != list.end(), "an entry is in the list of its state");
  list.erase(at);
}

// The rows of the slice are computed. Those of guesses that were wrong are not its rows, and leave their blocks. Its
// tokens count even where the rows were lost, with their blocks, while the step ran.
void Scheduler::State::advance(Entry& entry, const Slice& slice, const SliceOutcome& outcome, bool rows_are_kept) {
  Sequence& sequence = entry.sequence;
  const int32_t known_end = slice.end - slice.drafted;
  QUIRE_CHECK(!outcome.sampled || known_end == sequence.length(), "only a slice that reaches the end samples");
  QUIRE_CHECK(outcome.sampled || outcome.finished || known_end < sequence.length(), "a slice that samples has a token");
  QUIRE_CHECK(outcome.forced.empty() || outcome.sampled, "what is forced comes behind a chosen token");
  QUIRE_CHECK(std::ssize(outcome.forced) < sequence.step_tokens_max, "a step generates what was said");
  if (outcome.sampled) {
    sequence.tokens.push_back(*outcome.sampled);
    sequence.tokens.insert(sequence.tokens.end(), outcome.forced.begin(), outcome.forced.end());
    ledger.generated(*entry.account, 1 + std::ssize(outcome.forced));
    QUIRE_CHECK(outcome.finished || sequence.length() <= sequence.length_max, "an answer ends at its greatest length");
  }
  QUIRE_CHECK(outcome.accepted <= slice.drafted && known_end + outcome.accepted <= sequence.length(), "it was guessed");
  QUIRE_CHECK(std::equal(sequence.draft.begin(), sequence.draft.begin() + outcome.accepted,
                         sequence.tokens.begin() + known_end),
              "and is as it was guessed");
  if (slice.drafted > 0) entry.acceptance = acceptance_after(entry.acceptance, slice.drafted, outcome.accepted);
  const int32_t computed = known_end + outcome.accepted;
  const int32_t recomputed = std::max(0, std::min(computed, entry.reached) - slice.begin);
  sequence.recomputed_tokens += recomputed;
  recomputed_tokens += recomputed;
  if (computed > entry.reached) reach(entry, computed, true);
  if (!rows_are_kept) {
    voided_rows += slice.end - slice.begin;
    return;
  }
  sequence.computed = computed;
  memory.advance(sequence, slice.begin, entry.end, steps);
}

// `computed` is beyond everything it ever was: by own rows, which its client is charged for, or by a gift. What is
// computed again after it was lost costs nothing.
void Scheduler::State::reach(Entry& entry, int32_t position, bool computed) {
  const int32_t prompt_length = entry.sequence.prompt_length;
  const int32_t prompt_tokens = std::min(position, prompt_length) - std::min(entry.reached, prompt_length);
  if (entry.sequence.state != SequenceState::waiting) {
    ledger.settle(*entry.account, prompt_tokens, computed ? prompt_tokens : 0);
  }
  entry.reached = position;
}

// What it has computed stays in the tree. Its rows at other positions are other rows: they are computed as what was
// lost is, for nothing.
void Scheduler::State::begin_anew(Entry& entry, std::span<const TokenId> tokens) {
  Sequence& sequence = entry.sequence;
  QUIRE_CHECK(std::ssize(tokens) < sequence.length_max, "there is room for an answer");
  memory.release(sequence, steps);
  sequence.tokens.assign(tokens.begin(), tokens.end());
  sequence.prompt_length = sequence.length();
  sequence.computed = 0;
  entry.reached = sequence.length();
}

// A plan is made while a step runs: what that will have added to each of its sequences, as far as that is known. Who
// gets its last token in it, or others beside the one, waits for them.
void Scheduler::State::count_on_the_running() {
  counted_on = planned > 0;
  running_tokens = 0;
  if (!counted_on) return;
  for (const Slice& slice : plans[oldest].slices) {
    const auto at = entries.find(slice.sequence);
    if (at == entries.end()) continue;  // it was cancelled since
    Entry& entry = *at->second;
    Sequence& sequence = entry.sequence;
    entry.running_end = std::exchange(entry.end, -1);
    sequence.issued = slice.end - slice.drafted;
    sequence.awaited = slice.samples ? 1 : 0;
    entry.waits = slice.samples &&
                  (sequence.waits_for_tokens || slice.drafted > 0 || sequence.expected_length() >= sequence.length_max);
    if (slice.samples) running_tokens += sequence.step_tokens_max;
    if (slice.drafted == 0) sequence.draft.clear();  // what was guessed behind the token had no rows
  }
}

// What became of a slice, whose rows are where it planned them, unless they were lost since.
void Scheduler::State::apply(Entry& entry, const Slice& slice, const SliceOutcome& outcome) {
  Sequence& sequence = entry.sequence;
  const int32_t rows_end = std::exchange(counted_on ? entry.running_end : entry.end, -1);
  const int32_t expected_length = sequence.expected_length();
  QUIRE_CHECK(rows_end == slice.end || (counted_on && rows_end < 0), "an outcome belongs to a planned sequence");
  QUIRE_CHECK(outcome.finished || !outcome.failed, "what failed has finished");
  QUIRE_CHECK(outcome.anew.empty() || (outcome.sampled && !outcome.finished), "what goes on begins anew");
  if (!outcome.failed) advance(entry, slice, outcome, rows_end >= 0);
  sequence.draft.clear();
  if (!outcome.anew.empty()) begin_anew(entry, outcome.anew);
  sequence.issued = sequence.computed;
  sequence.awaited = 0;
  entry.waits = false;
  const bool is_as_counted = outcome.finished || sequence.length() == expected_length;
  QUIRE_CHECK(entry.end < 0 || is_as_counted, "a plan that was made ahead counts on one token");
  if (outcome.finished) remove(entry);
}

// Nobody issues what was planned for those that have ended in the step before; their memory went with them.
void Scheduler::State::void_the_ended(StepPlan& ahead) {
  const auto ended = [&](const Slice& slice) { return !entries.contains(slice.sequence); };
  voided_slices += static_cast<int64_t>(std::erase_if(ahead.slices, ended));
  if (ahead.slices.empty()) planned = 0;
}

// Ends an entry wherever it is; its blocks are everybody's again.
void Scheduler::State::remove(Entry& entry) {
  memory.release(entry.sequence, steps);
  if (entry.sequence.state == SequenceState::waiting) {
    waiting_tokens -= entry.sequence.prompt_length;
    ledger.leave_queue(*entry.account, 0);
  } else if (entry.reached < entry.sequence.prompt_length) {
    ledger.settle(*entry.account, entry.sequence.prompt_length - entry.reached, 0);
  }
  ledger.end(*entry.account);
  erase(list_of(entry), entry);
  entries.erase(entry.sequence.id);
  if (!block_limit.fit(block_limit_wanted)) settle_block_limit();
}

// Everyone who was let in can still run to the end alone.
void Scheduler::State::settle_block_limit() {
  for (const MemoryClass of : memory_classes) {
    const int32_t count = memory.counts()[of];
    int32_t needed = std::min(1, count);
    for (const auto* list : {&waiting, &running, &parked}) {
      for (const Entry* entry : *list) needed = std::max(needed, entry->least[of]);
    }
    block_limit[of] = std::clamp(block_limit_wanted[of], needed, count);
  }
}

Scheduler::Scheduler(const Limits& limits) : state_(std::make_unique<State>(limits)) {}
Scheduler::~Scheduler() = default;

Result<void> Scheduler::admit(SequenceDemand demand) {
  State& s = *state_;
  QUIRE_CHECK(!s.entries.contains(demand.id), "an id is given once");
  QUIRE_CHECK(!demand.prompt.empty() && demand.priority < band_count, "a prompt has a token, a band is one of eight");
  const int64_t prompt_length = static_cast<int64_t>(demand.prompt.size());
  const int64_t length_max = std::max<int64_t>(demand.length_max, prompt_length);
  QUIRE_CHECK(!s.limits.whole_texts || length_max == prompt_length, "a whole text ends with its step");
  const MemoryCounts least = s.memory.needed(length_max, 1);
  if (!least.fit(s.memory.counts())) {
    return fail(ErrorKind::too_large, too_large_message(demand, least, s.memory.counts(), s.limits));
  }
  const int64_t queue_tokens_max = s.limits.queue_tokens_max;
  const bool tokens_full =
      queue_tokens_max > 0 && !s.waiting.empty() && s.waiting_tokens + prompt_length > queue_tokens_max;
  if (s.waiting.size() >= static_cast<size_t>(s.limits.queue_max) || tokens_full) {
    return fail(ErrorKind::busy, "server busy, please try again.  maximum pending requests exceeded");
  }
  auto entry = std::make_unique<Entry>();
  Sequence& sequence = entry->sequence;
  sequence.id = demand.id;
  sequence.tokens = std::move(demand.prompt);
  sequence.prompt_length = static_cast<int32_t>(prompt_length);
  sequence.length_max = static_cast<int32_t>(length_max);
  sequence.step_tokens_max = demand.step_tokens_max;
  sequence.waits_for_tokens = demand.waits_for_tokens;
  sequence.use_cache = demand.use_cache && !s.limits.whole_texts;
  sequence.priority = demand.priority;
  sequence.cache_salt = demand.cache_salt;
  sequence.arrived_ns = demand.arrived_ns;
  sequence.deadline_ns = demand.deadline_ns;
  sequence.queue_deadline_ns = demand.queue_deadline_ns;
  entry->least = least;
  s.waiting_tokens += prompt_length;
  s.step_tokens_most = std::max(s.step_tokens_most, sequence.step_tokens_max);
  // Room for the whole timeline, so that no step allocates. Pages that are never written cost nothing.
  sequence.tokens.reserve(static_cast<size_t>(length_max) + 1);
  s.memory.reserve(sequence, length_max);
  entry->account = &s.ledger.enter_queue(demand.client, demand.priority, demand.client_weight);
  entry->waiting_since = s.steps + 1;
  entry->rank = s.policy.candidate_rank(sequence, *entry->account, 0);
  s.insert(s.waiting, *entry);
  s.entries.emplace(sequence.id, std::move(entry));
  if (!least.fit(s.block_limit)) s.settle_block_limit();
  return {};
}

bool Scheduler::cancel(SequenceId id) {
  QUIRE_CHECK(state_->planned <= state_->limits.plans_ahead, "a cancel comes before the plan or after the commit");
  const auto at = state_->entries.find(id);
  if (at == state_->entries.end()) return false;
  state_->remove(*at->second);
  return true;
}

void Scheduler::guess(SequenceId id, std::span<const TokenId> tokens) {
  QUIRE_CHECK(state_->planned == 0, "a guess comes before the plan");
  const auto at = state_->entries.find(id);
  QUIRE_CHECK(at != state_->entries.end(), "a guess is of a sequence");
  Sequence& sequence = at->second->sequence;
  QUIRE_CHECK(tokens.empty() || (std::ssize(tokens) < sequence.length_max - sequence.length() &&
                                 std::ssize(tokens) < sequence.step_tokens_max),
              "there is room for what is guessed");
  sequence.draft.assign(tokens.begin(), tokens.end());
}

void Scheduler::bound_guesses(std::span<GuessBound> bounds) {
  State& s = *state_;
  QUIRE_CHECK(s.planned == 0, "a guess comes before the plan");
  const bool streams_alone = std::ranges::all_of(
      s.running, [&](const Entry* entry) { return entry->sequence.computed == entry->sequence.length() - 1; });
  s.offers.clear();
  for (const GuessBound& bound : bounds) {
    s.offers.push_back({.length = bound.most, .acceptance = s.entries.at(bound.sequence)->acceptance});
  }
  const auto streams = std::ssize(s.running);
  if (bounds.empty()) return;
  const bool priced = streams_alone && s.price_drafts(streams, s.policy.step_tokens() - streams);
  for (size_t index = 0; index < bounds.size(); ++index) {
    bounds[index].most = s.offers[index].rows;
    int32_t& acceptance = s.entries.at(bounds[index].sequence)->acceptance;
    if (priced && bounds[index].most == 0) acceptance = acceptance_untried(acceptance);
  }
}

const StepPlan& Scheduler::plan(int64_t now_ns) {
  State& s = *state_;
  QUIRE_CHECK(s.planned <= s.limits.plans_ahead, "a plan is committed before the next one");
  ++s.steps;
  s.now_ns = now_ns;
  s.count_on_the_running();
  s.follow_block_limit();
  s.refresh_ranks();
  s.pause_overserved();
  s.choose_running();
  s.park_squeezed();
  s.adopt_published();
  s.claim_rows();
  s.share_budget();
  s.claim_blocks();
  return s.write_plan();
}

void Scheduler::commit(std::span<const SliceOutcome> outcomes) {
  State& s = *state_;
  StepPlan& plan = s.plans[s.oldest];
  QUIRE_CHECK(outcomes.size() == plan.slices.size(), "each slice has one outcome");
  for (size_t index = 0; index < outcomes.size(); ++index) {
    const Slice& slice = plan.slices[index];
    const SliceOutcome& outcome = outcomes[index];
    const auto at = s.entries.find(outcome.sequence);
    QUIRE_CHECK(outcome.sequence == slice.sequence && outcome.voided == (at == s.entries.end()),
                "an outcome belongs to a slice of the plan");
    if (outcome.voided) {
      s.voided_rows += slice.end - slice.begin;
    } else {
      s.apply(*at->second, slice, outcome);
    }
  }
  plan.slices.clear();
  s.counted_on = false;
  if (s.planned == 0) return;
  s.oldest = 1 - s.oldest;
  --s.planned;
  if (s.planned > 0) s.void_the_ended(s.plans[s.oldest]);
}

const Sequence* Scheduler::find(SequenceId id) const {
  const auto at = state_->entries.find(id);
  return at == state_->entries.end() ? nullptr : &at->second->sequence;
}

std::vector<SequenceId> Scheduler::expired(int64_t now_ns) const {
  std::vector<SequenceId> ids;
  for (const auto* list : {&state_->waiting, &state_->running, &state_->parked}) {
    for (const Entry* entry : *list) {
      const Sequence& sequence = entry->sequence;
      const auto passed = [&](int64_t deadline_ns) { return deadline_ns >= 0 && deadline_ns <= now_ns; };
      if (passed(sequence.deadline_ns) || (sequence.first_planned_ns < 0 && passed(sequence.queue_deadline_ns))) {
        ids.push_back(sequence.id);
      }
    }
  }
  std::ranges::sort(ids);
  return ids;
}

std::span<const BlockId> Scheduler::fresh_blocks(MemoryClass of) const { return state_->memory.fresh(of); }

std::span<const BlockId> Scheduler::withheld_blocks(MemoryClass of) const { return state_->memory.withheld(of); }

void Scheduler::set_block_limit(int32_t blocks, MemoryClass of) {
  QUIRE_CHECK(state_->planned <= state_->limits.plans_ahead, "the limit moves before the plan or after the commit");
  state_->block_limit_wanted[of] = blocks;
  state_->settle_block_limit();
}

void Scheduler::observe(const StepObservation& observation) {
  State& s = *state_;
  s.cost.observe(observation);
  s.parallel.after_step(s.cost, observation.prompt_rows == 0 ? observation.streams : 0, s.seat_wanted);
}

void Scheduler::check_invariants() const { state_->check(); }

}  // namespace quire
