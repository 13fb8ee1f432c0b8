// One step, planned: who runs, what is already there, who gets how many rows, where their KV goes.
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "sched/scheduler_state.h"

namespace quire {

// Takes blocks out of use, or back, until no more than block_limit may be in use. Room is made as for a running one
// that grows, but the first in rank keeps what it has: the rest follows when it ends.
void Scheduler::State::follow_block_limit() {
  withheld.clear();
  const auto in_use = [&] { return limits.block_count - cache.pool().withheld_count(); };
  while (in_use() < block_limit) cache.give_back();
  while (in_use() > block_limit) {
    if (cache.available() > 0) {
      withheld.push_back(cache.withhold());
    } else if (!release_lowest_parked(nullptr)) {
      if (running.size() <= 1) return;
      park(*running.back());
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
  const int64_t bound = ledger.bound(pool_tokens());
  for (size_t index = running.size(); index-- > 0;) {
    Entry& entry = *running[index];
    const int64_t consumed = waiting_consumed[entry.account->band];
    if (consumed == std::numeric_limits<int64_t>::max()) continue;
    if (policy.pauses(entry.rank, *entry.account, consumed, std::ssize(running), bound)) {
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

// Rows that running sequences of more urgent bands want, and one for each of this band: what a step must have more of
// for another one of the band to get a row of its own.
int64_t Scheduler::State::rows_before(uint8_t band) const {
  int64_t rows = 0;
  for (const Entry* entry : running) {
    const Sequence& sequence = entry->sequence;
    if (entry->rank.band < band) rows += sequence.length() - sequence.computed;
    if (entry->rank.band == band) ++rows;
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

Entry* Scheduler::State::first_candidate() const {
  Entry* first_waiting = waiting.empty() ? nullptr : waiting.front();
  Entry* first_parked = parked.empty() ? nullptr : parked.front();
  if (first_waiting == nullptr || first_parked == nullptr) return first_waiting ? first_waiting : first_parked;
  return first_parked->rank < first_waiting->rank ? first_parked : first_waiting;
}

// Makes the candidate fit: a seat, and memory for its tokens and growth beside those of the running ones. Lower ranks
// give way (parked blocks first, then whoever it may displace), but only when that is enough.
bool Scheduler::State::make_room(Entry& candidate) {
  matched.clear();
  match(candidate, matched);
  if (!running.empty() && rows_before(candidate.rank.band) >= policy.step_tokens()) return false;
  // A more urgent one takes a seat even while fewer are wanted than run: one for one.
  const int32_t running_count = static_cast<int32_t>(running.size());
  const bool displaces = !running.empty() && policy.displaces(candidate.sequence, running.back()->rank);
  const int32_t seats = displaces ? std::max(parallel.parallel(), running_count) : parallel.parallel();
  const auto seated = [&] { return static_cast<int32_t>(running.size()) < seats; };
  // One that runs alone always fits in the end: claim_blocks takes what it needs from the parked ones.
  const auto fits = [&] {
    return running.empty() || blocks_wanted(candidate) + blocks_reserved() <= cache.available();
  };
  if (seated() && fits()) return true;
  if (!seated()) seat_wanted = true;
  if (!running.empty() &&
      blocks_wanted(candidate) + blocks_reserved() > cache.available() + blocks_reclaimable(candidate)) {
    return false;
  }
  while (!seated() || !fits()) {
    if (seated() && release_lowest_parked(&candidate)) continue;
    if (running.empty() || !policy.displaces(candidate.sequence, running.back()->rank)) return false;
    park(*running.back());
  }
  return true;
}

// Blocks that the candidate would take out of the available ones, now and while it grows.
int32_t Scheduler::State::blocks_wanted(const Entry& entry) const {
  const Sequence& sequence = entry.sequence;
  int32_t wanted = blocks_for(int64_t{sequence.length()} + policy.expected_growth(sequence)) -
                   static_cast<int32_t>(sequence.blocks.size());
  for (const BlockId block : matched) wanted -= cache.pool().state(block) == BlockState::held ? 1 : 0;
  return std::max(0, wanted);
}

// Blocks that are kept back for what the running ones will still take.
int32_t Scheduler::State::blocks_reserved() const {
  int32_t reserved = 0;
  for (const Entry* entry : running) {
    const Sequence& sequence = entry->sequence;
    reserved += std::max(0, blocks_for(int64_t{sequence.length()} + policy.expected_growth(sequence)) -
                                static_cast<int32_t>(sequence.blocks.size()));
  }
  return reserved;
}

// At most this many blocks become available, or are no longer kept back, when everyone below gives way.
int32_t Scheduler::State::blocks_reclaimable(const Entry& candidate) const {
  int32_t reclaimable = 0;
  for (const Entry* entry : parked) {
    if (candidate.rank < entry->rank) reclaimable += static_cast<int32_t>(entry->sequence.blocks.size());
  }
  for (const Entry* entry : running) {
    if (!policy.displaces(candidate.sequence, entry->rank)) continue;
    const Sequence& sequence = entry->sequence;
    reclaimable += std::max(static_cast<int32_t>(sequence.blocks.size()),
                            blocks_for(int64_t{sequence.length()} + policy.expected_growth(sequence)));
  }
  return reclaimable;
}

// REQUIRES: `matched` is the candidate's.
void Scheduler::State::start(Entry& entry) {
  Sequence& sequence = entry.sequence;
  erase(list_of(entry), entry);
  adopt(entry, matched);
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
    cache.release(entry.sequence.blocks, steps);
    entry.sequence.blocks.clear();
    entry.sequence.computed = 0;
    return true;
  }
  return false;
}

// The key of the block at `block_index` of the sequence, whose block before that is `parent`.
BlockKey Scheduler::State::key_at(const Entry& entry, int32_t block_index, BlockId parent) const {
  const Sequence& sequence = entry.sequence;
  const int32_t begin = block_index * limits.block_tokens;
  const std::span<const TokenId> tokens(sequence.tokens);
  return {.parent = parent,
          .salt = sequence.cache_salt,
          .tokens = tokens.subspan(static_cast<size_t>(begin), static_cast<size_t>(limits.block_tokens)),
          .prompt_rows = std::clamp(sequence.prompt_length - begin, 0, limits.block_tokens)};
}

BlockKey Scheduler::State::key_of(const Entry& entry, int32_t block_index) const {
  const std::vector<BlockId>& blocks = entry.sequence.blocks;
  return key_at(entry, block_index, block_index == 0 ? BlockId{} : blocks[static_cast<size_t>(block_index) - 1]);
}

// Positions below this one may be taken from the tree: never the last token, whose logits must be computed, and for
// one that asked not to use the cache only what it had computed itself.
int32_t Scheduler::State::adoptable_end(const Entry& entry) const {
  const int32_t last = entry.sequence.length() - 1;
  return entry.sequence.use_cache ? last : std::min(last, entry.reached);
}

// Appends the published blocks that continue the sequence's own table. Only at the edge of a block: a block that is
// partly computed is finished by its owner.
void Scheduler::State::match(const Entry& entry, std::vector<BlockId>& blocks) const {
  if (entry.sequence.computed % limits.block_tokens != 0) return;
  const int32_t end = adoptable_end(entry) / limits.block_tokens;
  BlockId parent = entry.sequence.blocks.empty() ? BlockId{} : entry.sequence.blocks.back();
  for (int32_t index = entry.sequence.computed / limits.block_tokens; index < end; ++index) {
    parent = cache.find(key_at(entry, index, parent));
    if (!parent.valid()) return;
    blocks.push_back(parent);
  }
}

// A hit is arithmetic: the blocks are the sequence's, and their rows count as computed.
void Scheduler::State::adopt(Entry& entry, std::span<const BlockId> blocks) {
  Sequence& sequence = entry.sequence;
  for (const BlockId block : blocks) {
    cache.retain(block);
    sequence.blocks.push_back(block);
  }
  sequence.computed += static_cast<int32_t>(blocks.size()) * limits.block_tokens;
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
    matched.clear();
    match(*entry, matched);
    adopt(*entry, matched);
  }
}

// Would this sequence compute the block that another one, which gets rows in this step, is computing?
bool Scheduler::State::follows_a_leader(const Entry& entry) const {
  const int32_t block_tokens = limits.block_tokens;
  const Sequence& sequence = entry.sequence;
  if (sequence.computed % block_tokens != 0 || sequence.computed + block_tokens > adoptable_end(entry)) return false;
  const int32_t index = sequence.computed / block_tokens;
  const BlockKey key = key_of(entry, index);
  return std::ranges::any_of(leaders, [&](const Entry* leader) {
    if (leader->sequence.computed / block_tokens != index) return false;
    const BlockKey other = key_of(*leader, index);
    return key.parent == other.parent && key.salt == other.salt && key.prompt_rows == other.prompt_rows &&
           std::ranges::equal(key.tokens, other.tokens);
  });
}

// Decides `end` of each running sequence. One that would compute the same block as one before it waits for that one:
// its leader gets rows whenever it would have got any, so this never stops the step.
void Scheduler::State::share_budget() {
  spend.assign(running.begin(), running.end());
  const auto class_of = [&](const Entry* entry) {
    return Policy::budget_class(entry->rank, entry->sequence.length() - entry->sequence.computed);
  };
  std::ranges::sort(spend, [&](const Entry* a, const Entry* b) {
    const int32_t class_a = class_of(a), class_b = class_of(b);
    return class_a != class_b ? class_a < class_b : a->rank < b->rank;
  });
  leaders.clear();
  std::erase_if(spend, [&](Entry* entry) {
    const Sequence& sequence = entry->sequence;
    entry->end = -1;
    if (follows_a_leader(*entry)) return true;
    const int32_t block_end = (sequence.computed / limits.block_tokens + 1) * limits.block_tokens;
    if (block_end <= sequence.length()) leaders.push_back(entry);
    entry->end = sequence.computed;
    return false;
  });
  int64_t taken = 0;
  int32_t streams = 0;
  step_tokens = policy.step_tokens();
  for (size_t begin = 0; begin < spend.size();) {
    size_t end = begin + 1;
    while (end < spend.size() && class_of(spend[end]) == class_of(spend[begin])) ++end;
    const bool streaming = Policy::is_stream_class(class_of(spend[begin]));
    // Streams protect themselves from the prompts of their band and below, not from more urgent ones.
    if (!streaming && streams > 0) step_tokens = policy.step_tokens_beside(cost, streams);
    int64_t budget = std::max<int64_t>(0, (streaming ? policy.step_tokens() : step_tokens) - taken);
    taken += budget;
    share_class(std::span(spend).subspan(begin, end - begin), budget);
    taken -= budget;
    if (streaming) streams += static_cast<int32_t>(end - begin);
    begin = end;
  }
}

// Equal shares: what one does not need goes to the others, what cannot be split to the first ones.
void Scheduler::State::share_class(std::span<Entry* const> members, int64_t& budget) {
  int64_t unsatisfied = std::ssize(members);
  while (budget > 0 && unsatisfied > 0) {
    const int64_t share = std::max<int64_t>(1, budget / unsatisfied);
    unsatisfied = 0;
    for (Entry* entry : members) {
      const int64_t behind = entry->sequence.length() - entry->end;
      const int64_t given = std::min({share, behind, budget});
      entry->end += static_cast<int32_t>(given);
      budget -= given;
      unsatisfied += given < behind ? 1 : 0;
    }
  }
}

// Takes blocks for the planned slices in order of rank. When there is none left, the parked ones give up theirs, then
// the lowest running one is parked, in the end the asking one itself. The first in rank always gets what it needs.
void Scheduler::State::claim_blocks() {
  fresh.clear();
  for (size_t index = 0; index < running.size(); ++index) {
    Entry& entry = *running[index];
    const int32_t needed = blocks_for(std::max(entry.end, 0)) - static_cast<int32_t>(entry.sequence.blocks.size());
    while (cache.available() < needed && entry.sequence.state == SequenceState::running) {
      if (!release_lowest_parked(nullptr)) park(*running.back());
    }
    if (entry.sequence.state != SequenceState::running) return;  // it was the last
    for (int32_t taken = 0; taken < needed; ++taken) {
      fresh.push_back(cache.take());
      entry.sequence.blocks.push_back(fresh.back());
    }
  }
}

void Scheduler::State::write_plan() {
  step_plan.slices.clear();
  for (Entry* entry : spend) {
    Sequence& sequence = entry->sequence;
    if (entry->end <= sequence.computed) {
      entry->end = -1;
      continue;
    }
    if (sequence.first_planned_ns < 0) sequence.first_planned_ns = now_ns;
    step_plan.slices.push_back({.sequence = sequence.id,
                                .begin = sequence.computed,
                                .end = entry->end,
                                .samples = entry->end == sequence.length()});
  }
}

}  // namespace quire
