// One step, planned: who runs, what is already there, who gets how many rows, where their KV goes.
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "sched/scheduler_state.h"

namespace quire {

// Takes blocks of each class out of use, or back, until no more than block_limit may be in use. Room is made as for a
// running one that grows, but the first in rank keeps what it has: the rest follows when it ends.
void Scheduler::State::follow_block_limit() {
  memory.begin_plan();
  for (const MemoryClass of : memory_classes) {
    const auto in_use = [&] { return memory.counts()[of] - memory.cache().pool(of).withheld_count(); };
    while (in_use() < block_limit[of]) memory.give_back(of);
    while (in_use() > block_limit[of]) {
      if (memory.available()[of] > 0) {
        memory.withhold(of);
      } else if (!release_lowest_parked(nullptr)) {
        if (running.size() <= 1) break;
        park(*running.back());
      }
    }
  }
}

// Those of waiting and parked ones move with time and with what their clients were served; the lists are nearly sorted
// already, so insertion sort is one pass over them. Running ones keep theirs.
void Scheduler::State::refresh_ranks() {
  for (std::vector<Entry*>* list : {&waiting, &parked}) {
    for (size_t index = 0; index < list->size(); ++index) {
      Entry* entry = (*list)[index];
      const int64_t waited = entry->waited_steps + steps - entry->waiting_since;
      entry->rank = policy.candidate_rank(entry->sequence, *entry->account, waited);
      size_t at = index;
      for (; at > 0 && entry->rank < (*list)[at - 1]->rank; --at) (*list)[at] = (*list)[at - 1];
      (*list)[at] = entry;
    }
  }
}

// Keeps the promise of fairness where no order of starts can: a client whose running sequences have got far ahead of
// one that waits in its band pauses until the other has caught up.
void Scheduler::State::pause_overserved() {
  std::array<int64_t, band_count> service_least{}, service_most{};
  waiting_consumed.fill(std::numeric_limits<int64_t>::max());
  for (const Entry* entry : waiting) {
    const ClientAccount& account = *entry->account;
    const bool first = waiting_consumed[account.band] == std::numeric_limits<int64_t>::max();
    int64_t& least = service_least[account.band];
    int64_t& most = service_most[account.band];
    least = first ? account.service() : std::min(least, account.service());
    most = first ? account.service() : std::max(most, account.service());
    waiting_consumed[account.band] = std::min(waiting_consumed[account.band], account.consumed);
    if (aged_starts == 0) service_gap_max = std::max(service_gap_max, most - least);
  }
  const int64_t bound = service_bound();
  int64_t generated_max = running_tokens;  // by the next step
  for (const Entry* entry : running) generated_max += entry->sequence.step_tokens_max;
  for (size_t index = running.size(); index-- > 0;) {
    Entry& entry = *running[index];
    const int64_t consumed = waiting_consumed[entry.account->band];
    if (consumed == std::numeric_limits<int64_t>::max()) continue;
    if (policy.pauses(entry.rank, *entry.account, consumed, generated_max, bound)) {
      generated_max -= entry.sequence.step_tokens_max;
      park(entry);
      ++pauses;
    }
  }
}

// Starts or resumes candidates strictly in order of rank: one that does not fit holds back those behind it, so
// nothing is overtaken for ever.
void Scheduler::State::choose_running() {
  seat_wanted = false;
  while (Entry* candidate = first_candidate()) {
    if (!make_room(*candidate)) return;
    start(*candidate);
  }
}

// Nothing is behind but tokens that came in the last steps: it is a stream, of which more than one token may be known.
bool Scheduler::State::streams(const Entry& entry) const {
  return entry.sequence.issued >= entry.sequence.prompt_length && entry.sequence.issued >= entry.reached;
}

// Rows that running sequences of more urgent bands want before others, and what each of this band must have at once:
// beyond these a step needs as much for another one of the band.
int64_t Scheduler::State::rows_before(uint8_t band) const {
  int64_t rows = 0;
  for (const Entry* entry : running) {
    const Sequence& sequence = entry->sequence;
    if (entry->rank.band < band) rows += streams(*entry) ? 1 : sequence.behind();
    if (entry->rank.band == band) rows += policy.rows_at_once(sequence);
  }
  return rows;
}

// More urgent prompts need the step: those for which no row is left pause until they are through, the lowest first.
void Scheduler::State::park_squeezed() {
  while (running.size() > 1 && rows_before(running.back()->rank.band) > policy.step_tokens()) {
    park(*running.back());
    ++squeezes;
  }
}

// One that runs alone has a step of its own.
bool Scheduler::State::has_rows_for(const Entry& candidate) const {
  return running.empty() ||
         rows_before(candidate.rank.band) + policy.rows_at_once(candidate.sequence) <= policy.step_tokens();
}

Entry* Scheduler::State::first_candidate() const {
  Entry* first_waiting = waiting.empty() ? nullptr : waiting.front();
  Entry* first_parked = parked.empty() ? nullptr : parked.front();
  if (first_waiting == nullptr || first_parked == nullptr) return first_waiting ? first_waiting : first_parked;
  return first_parked->rank < first_waiting->rank ? first_parked : first_waiting;
}

// Makes the candidate fit: a seat, and memory for its tokens and growth beside those of the running ones. Lower ranks
// give way (parked blocks first, then whoever it may displace), but only when that is enough.
bool Scheduler::State::make_room(Entry& candidate) {
  memory.match(candidate.sequence, adoptable_end(candidate), matched);
  if (!has_rows_for(candidate)) return false;
  // A more urgent one takes a seat even while fewer are wanted than run: one for one.
  const int32_t running_count = static_cast<int32_t>(running.size());
  const bool displaces = !running.empty() && policy.displaces(candidate.sequence, running.back()->rank);
  const int32_t seats = displaces ? std::max(parallel.parallel(), running_count) : parallel.parallel();
  const auto seated = [&] { return static_cast<int32_t>(running.size()) < seats; };
  // One that runs alone always fits in the end: claim_blocks takes what it needs from the parked ones.
  const auto fits = [&] { return running.empty() || has_memory_for(candidate, memory.available()); };
  if (seated() && fits()) return true;
  if (!seated()) seat_wanted = true;
  if (!running.empty() && !has_memory_for(candidate, memory.available() + memory_reclaimable(candidate))) return false;
  while (!seated() || !fits()) {
    if (seated() && release_lowest_parked(&candidate)) continue;
    if (running.empty() || !policy.displaces(candidate.sequence, running.back()->rank)) return false;
    park(*running.back());
  }
  return true;
}

// What it will hold at once, now and while it grows: a prompt in slices of a whole step.
MemoryCounts Scheduler::State::memory_needed(const Entry& entry) const {
  const Sequence& sequence = entry.sequence;
  return memory.needed(int64_t{sequence.length()} + policy.expected_growth(sequence),
                       std::clamp(sequence.behind(), 1, policy.step_tokens()));
}

// Of every class: what the candidate would take out of the available memory, now and while it grows, beside what is
// kept back for what the running ones will still take. REQUIRES: `matched` is the candidate's.
bool Scheduler::State::has_memory_for(const Entry& candidate, const MemoryCounts& room) const {
  MemoryCounts wanted = memory.lacking(candidate.sequence, memory_needed(candidate), matched);
  for (const Entry* entry : running) wanted += memory.lacking(entry->sequence, memory_needed(*entry), no_match);
  return wanted.fit(room);
}

// At most this much becomes available, or is no longer kept back, when everyone below gives way.
MemoryCounts Scheduler::State::memory_reclaimable(const Entry& candidate) const {
  MemoryCounts reclaimable;
  for (const Entry* entry : parked) {
    if (candidate.rank < entry->rank) reclaimable += memory.held(entry->sequence);
  }
  for (const Entry* entry : running) {
    if (!policy.displaces(candidate.sequence, entry->rank)) continue;
    const MemoryCounts held = memory.held(entry->sequence), needed = memory_needed(*entry);
    for (const MemoryClass of : memory_classes) reclaimable[of] += std::max(held[of], needed[of]);
  }
  return reclaimable;
}

// REQUIRES: `matched` is the candidate's.
void Scheduler::State::start(Entry& entry) {
  Sequence& sequence = entry.sequence;
  erase(list_of(entry), entry);
  adopt(entry);
  sequence.path_end = matched.path_end > sequence.computed ? matched.path_end : 0;
  if (sequence.state == SequenceState::waiting) {
    waiting_tokens -= sequence.prompt_length;
    ledger.leave_queue(*entry.account, std::max(0, sequence.prompt_length - entry.reached));
    start_rate.started(now_ns, !waiting.empty());
  }
  if (entry.rank.band != sequence.priority || entry.rank.service < 0) ++aged_starts;
  entry.waited_steps += steps - entry.waiting_since;
  entry.rank = policy.running_rank(sequence, entry.rank.band, ++starts);
  sequence.state = SequenceState::running;
  insert(running, entry);
}

void Scheduler::State::park(Entry& entry) {
  erase(running, entry);
  entry.sequence.state = SequenceState::parked;
  entry.end = -1;
  ++entry.sequence.preemptions;
  ++preemptions;
  entry.waiting_since = steps;
  entry.rank = policy.candidate_rank(entry.sequence, *entry.account, entry.waited_steps);
  insert(parked, entry);
}

// The lowest parked one that still has blocks (and ranks below `above`, if given) leaves them to the prefix tree: what
// is not evicted until it resumes need not be computed again. False: there is none.
bool Scheduler::State::release_lowest_parked(const Entry* above) {
  for (size_t index = parked.size(); index-- > 0;) {
    Entry& entry = *parked[index];
    if (above != nullptr && !(above->rank < entry.rank)) return false;
    if (entry.sequence.blocks.empty()) continue;
    memory.release(entry.sequence, steps);
    entry.sequence.computed = entry.sequence.issued = 0;
    entry.running_end = -1;  // where a step computes rows of it they are nobody's
    return true;
  }
  return false;
}

// Positions below this one may be taken from the tree: never the last token, whose logits must be computed, and for
// one that asked not to use the cache only what it had computed itself.
int32_t Scheduler::State::adoptable_end(const Entry& entry) const {
  const int32_t last = entry.sequence.length() - 1;
  return entry.sequence.use_cache ? last : std::min(last, entry.reached);
}

// The rows of `matched`, which is the sequence's, count as computed.
void Scheduler::State::adopt(Entry& entry) {
  Sequence& sequence = entry.sequence;
  memory.adopt(sequence, matched, steps);
  if (sequence.computed <= entry.reached) return;
  // Beyond what it ever had, so it is a gift of another one.
  const int32_t prompt_end = std::min(sequence.computed, sequence.prompt_length);
  sequence.cached_tokens += std::max(0, prompt_end - entry.reached);
  prefix_hit_tokens += sequence.computed - entry.reached;
  reach(entry, sequence.computed, false);
}

// Sharing is live: what others published since the last step is taken instead of computed.
void Scheduler::State::adopt_published() {
  for (Entry* entry : running) {
    memory.match(entry->sequence, adoptable_end(*entry), matched);
    adopt(*entry);
  }
}

// Would this sequence compute the block that another one, which gets rows no later than it, is computing, or has in the
// step that runs? A stream waits for streams alone.
bool Scheduler::State::follows_a_leader(const Entry& entry) const {
  const int32_t block_tokens = limits.block_tokens;
  const Sequence& sequence = entry.sequence;
  if (sequence.issued % block_tokens != 0 || sequence.issued + block_tokens > adoptable_end(entry)) return false;
  const int32_t index = sequence.issued / block_tokens;
  const BlockKey key = memory.key_of(sequence, index);
  return std::ranges::any_of(leaders, [&](const Entry* leader) {
    if (leader->sequence.computed / block_tokens != index || (streams(entry) && !streams(*leader))) return false;
    const BlockKey other = memory.key_of(leader->sequence, index);
    return key.parent == other.parent && key.salt == other.salt && key.prompt_rows == other.prompt_rows &&
           std::ranges::equal(key.tokens, other.tokens);
  });
}

// Its first block that is not there yet will be full, by the step that runs or by this one.
void Scheduler::State::lead(Entry& entry) {
  const Sequence& sequence = entry.sequence;
  const int32_t block_end = (sequence.computed / limits.block_tokens + 1) * limits.block_tokens;
  if (block_end <= (entry.waits ? sequence.issued : sequence.length())) leaders.push_back(&entry);
}

// What each running sequence wants of the step: a stream one row with the streams, and the rest of what is known of it
// in a class of its own. One that would compute the same block as one before it in rank waits for that one; the first
// in rank waits for nobody, so this never stops the step.
void Scheduler::State::claim_rows() {
  claims.clear();
  leaders.clear();
  for (Entry* entry : running) {
    const Sequence& sequence = entry->sequence;
    entry->end = -1;
    if (!entry->waits && follows_a_leader(*entry)) continue;
    lead(*entry);
    if (entry->waits) continue;
    // What is computed at once is there before anything is shared; has_rows_for() has seen to that.
    const int32_t length = sequence.expected_length();
    entry->end = limits.whole_texts ? length : sequence.issued;
    const int32_t behind = sequence.behind();
    if (behind > 1 && streams(*entry)) {
      claims.push_back({entry, Policy::budget_class(entry->rank, 1), sequence.issued + 1});
      claims.push_back({entry, Policy::known_class(entry->rank), length});
    } else {
      claims.push_back({entry, Policy::budget_class(entry->rank, behind), length});
    }
    if (behind == 1 && streams(*entry) && !sequence.draft.empty()) {
      claims.push_back({entry, Policy::draft_class, length + static_cast<int32_t>(sequence.draft.size())});
    }
  }
  std::ranges::sort(claims, [](const Claim& a, const Claim& b) {
    return a.budget_class != b.budget_class ? a.budget_class < b.budget_class : a.entry->rank < b.entry->rank;
  });
}

// Decides `end` of each running sequence that waits for no other.
void Scheduler::State::share_budget() {
  int64_t taken = 0;
  int64_t taken_known = 0;
  int32_t streaming = 0;
  // Whoever runs gets a row: what is known of streams takes none of those.
  const int64_t spare = policy.step_tokens() - rows_before(running.empty() ? 0 : running.back()->rank.band);
  step_tokens = policy.step_tokens();
  for (size_t begin = 0; begin < claims.size();) {
    const int32_t budget_class = claims[begin].budget_class;
    size_t end = begin + 1;
    while (end < claims.size() && claims[end].budget_class == budget_class) ++end;
    if (budget_class == Policy::draft_class) {
      // Where there are other rows than one for each stream, others could use those of drafts.
      if (taken == streaming) share_drafts(std::span(claims).subspan(begin), streaming, policy.step_tokens() - taken);
      return;
    }
    int64_t limit = policy.step_tokens();
    if (Policy::is_known_class(budget_class)) {
      limit = taken + std::min<int64_t>(spare - taken_known, policy.known_rows_beside(cost, streaming));
    } else if (!Policy::is_stream_class(budget_class) && streaming > 0) {
      // Streams protect themselves from the prompts of their band and below, not from more urgent ones.
      step_tokens = policy.step_tokens_beside(cost, streaming);
      limit = std::min<int64_t>(limit, step_tokens + taken_known);
    }
    const int64_t given = share_class(std::span(claims).subspan(begin, end - begin), limit - taken);
    taken += given;
    if (Policy::is_known_class(budget_class)) taken_known += given;
    if (Policy::is_stream_class(budget_class)) streaming += static_cast<int32_t>(end - begin);
    begin = end;
  }
}

// Gives the offers rows by what these cost beside so many streams; false where that could not be told.
bool Scheduler::State::price_drafts(int64_t streams, int64_t budget) {
  const int64_t step_ns = cost.decode_ns(static_cast<int32_t>(streams));
  if (!cost.knows(static_cast<int32_t>(streams))) return false;
  // What a row adds is not known before it was tried.
  const int64_t row_ns = std::max<int64_t>(1, cost.draft_row_ns() > 0 ? cost.draft_row_ns() : step_ns / 16);
  give_draft_rows(offers, streams, step_ns, row_ns, std::min<int64_t>(budget, limits.draft_rows_max));
  if (!is_worth_a_row(acceptance_at_first, streams, step_ns, row_ns)) cost.draft_row_too_dear();
  return true;
}

// Rows for guesses beside so many streams, who have theirs.
void Scheduler::State::share_drafts(std::span<const Claim> members, int64_t streams, int64_t budget) {
  offers.clear();
  for (const Claim& claim : members) {
    offers.push_back(
        {.length = claim.end - claim.entry->sequence.expected_length(), .acceptance = claim.entry->acceptance});
  }
  if (!price_drafts(streams, budget)) return;
  for (size_t index = 0; index < members.size(); ++index) {
    Entry& entry = *members[index].entry;
    // It was given the row that it is behind, which the guesses follow.
    if (entry.end == entry.sequence.expected_length()) entry.end += offers[index].rows;
    if (offers[index].rows == 0) entry.acceptance = acceptance_untried(entry.acceptance);
  }
}

// Equal shares of at most `budget` rows: what one does not need goes to the others, what cannot be split to the first
// ones. Returns how many were given.
int64_t Scheduler::State::share_class(std::span<const Claim> members, int64_t budget) {
  const int64_t offered = std::max<int64_t>(0, budget);
  int64_t left = offered;
  int64_t unsatisfied = std::ssize(members);
  while (left > 0 && unsatisfied > 0) {
    const int64_t share = std::max<int64_t>(1, left / unsatisfied);
    unsatisfied = 0;
    for (const Claim& claim : members) {
      const int64_t behind = std::max(0, claim.end - claim.entry->end);
      const int64_t given = std::min({share, behind, left});
      claim.entry->end += static_cast<int32_t>(given);
      left -= given;
      unsatisfied += given < behind ? 1 : 0;
    }
  }
  return offered - left;
}

// Takes memory for the planned slices in order of rank, then for their guesses and for snapshots as far as there is
// any. When there is none left, the parked ones give up theirs, then the lowest running one is parked, in the end the
// asking one itself. The first in rank always gets what it needs, a row's window blocks at least: a slice is cut to
// those. One that the step which runs computes too has what fits into its blocks: it parks nobody before that step has
// ended, which may give it memory.
void Scheduler::State::claim_blocks() {
  for (size_t index = 0; index < running.size(); ++index) {
    Entry& entry = *running[index];
    Sequence& sequence = entry.sequence;
    int32_t known_end = std::min(entry.end, sequence.expected_length());
    const auto lacks = [&] {
      return !memory.wanted(sequence, memory.cut(sequence, known_end)).fit(memory.available());
    };
    while (lacks() && sequence.state == SequenceState::running) {
      if (release_lowest_parked(nullptr)) continue;
      if (entry.running_end < 0) {
        park(*running.back());
      } else {
        const auto room = static_cast<int32_t>(std::ssize(sequence.blocks)) * limits.block_tokens;
        entry.end = known_end = std::min(known_end, room);
      }
    }
    if (sequence.state != SequenceState::running) break;  // it was the last
    const int32_t end = memory.cut(sequence, known_end);
    if (end < known_end) entry.end = end;
    memory.take(sequence, end);
  }
  for (Entry* entry : running) {
    Sequence& sequence = entry->sequence;
    if (entry->end > sequence.expected_length()) {
      if (!memory.wanted(sequence, entry->end).fit(memory.available())) entry->end = sequence.expected_length();
      memory.take(sequence, entry->end);
    }
  }
  for (Entry* entry : running) memory.take_snapshots(entry->sequence, entry->end);
}

const StepPlan& Scheduler::State::write_plan() {
  StepPlan& plan = plans[planned == 0 ? oldest : 1 - oldest];
  plan.slices.clear();
  for (const auto& [entry, budget_class, _] : claims) {
    // The stream's row is in the plan, and what follows it with it.
    if (Policy::is_known_class(budget_class) || budget_class == Policy::draft_class) continue;
    Sequence& sequence = entry->sequence;
    if (entry->end <= sequence.issued) {
      entry->end = -1;
      continue;
    }
    if (sequence.first_planned_ns < 0) sequence.first_planned_ns = now_ns;
    const int32_t length = sequence.expected_length();
    plan.slices.push_back({.sequence = sequence.id,
                           .begin = sequence.issued,
                           .end = entry->end,
                           .samples = entry->end >= length,
                           .drafted = std::max(0, entry->end - length)});
  }
  if (!plan.slices.empty()) ++planned;
  return plan;
}

}  // namespace quire
