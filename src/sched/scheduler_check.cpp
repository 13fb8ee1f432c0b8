// What must hold between steps and between plan and commit, in words and in code.
#include <algorithm>

#include "base/check.h"
#include "sched/scheduler_state.h"

namespace quire {

void Scheduler::State::check() const {
  memory.cache().check();
  check_lists();
  for (const auto* list : {&waiting, &running, &parked}) {
    for (const Entry* entry : *list) check_entry(*entry);
  }
  std::vector<const Sequence*> all;
  for (const auto& [id, entry] : entries) all.push_back(&entry->sequence);
  memory.check_references(all);
  check_plan();
  check_clients();
}

// Every sequence is in the list of its state, in order of rank, within the limits.
void Scheduler::State::check_lists() const {
  QUIRE_CHECK(entries.size() == waiting.size() + running.size() + parked.size(), "each sequence is in one list");
  QUIRE_CHECK(waiting.size() <= static_cast<size_t>(limits.queue_max), "the queue is bounded");
  QUIRE_CHECK(running.size() <= static_cast<size_t>(policy.running_max()), "the running ones are bounded");
  const auto check_list = [&](const std::vector<Entry*>& list, SequenceState state) {
    for (size_t index = 0; index < list.size(); ++index) {
      const auto at = entries.find(list[index]->sequence.id);
      QUIRE_CHECK(at != entries.end() && at->second.get() == list[index], "a list holds live sequences");
      QUIRE_CHECK(list[index]->sequence.state == state, "a sequence is in the list of its state");
      QUIRE_CHECK(index == 0 || list[index - 1]->rank < list[index]->rank, "a list is in order of rank");
    }
  };
  check_list(waiting, SequenceState::waiting);
  check_list(running, SequenceState::running);
  check_list(parked, SequenceState::parked);
  QUIRE_CHECK(!planned || !running.empty(), "a plan has running sequences");
  for (const auto* list : {&waiting, &parked}) {
    for (const Entry* entry : *list) {
      const Sequence& sequence = entry->sequence;
      const bool holds = memory.held(sequence).state > 0 || !sequence.snapshots.empty();
      QUIRE_CHECK(!holds || !sequence.blocks.empty(), "what was computed has blocks");
    }
  }
  for (const Entry* entry : waiting) QUIRE_CHECK(entry->sequence.blocks.empty(), "a waiting one holds no block");
}

void Scheduler::State::check_entry(const Entry& entry) const {
  const Sequence& sequence = entry.sequence;
  QUIRE_CHECK(sequence.computed >= 0 && sequence.computed < sequence.length(),
              "the last token is never computed early");
  QUIRE_CHECK(
      sequence.computed <= entry.reached && entry.reached <= std::max(sequence.length() - 1, sequence.prompt_length),
      "reached is the high-water mark");
  QUIRE_CHECK(sequence.prompt_length <= sequence.length() && sequence.length() <= sequence.length_max, "lengths hold");
  QUIRE_CHECK(entry.end < 0 || (planned && sequence.state == SequenceState::running), "only running ones are planned");
  memory.check(sequence, entry.end);
}

// The plan keeps to the budget and continues each sequence where it stands.
void Scheduler::State::check_plan() const {
  if (!planned) return;
  const bool one_text = limits.whole_texts && step_plan.slices.size() == 1;
  QUIRE_CHECK(one_text || step_plan.token_count() <= policy.step_tokens(), "a step keeps to its budget");
  size_t in_plan = 0;
  for (const Entry* entry : running) in_plan += entry->end >= 0 ? 1 : 0;
  QUIRE_CHECK(in_plan == step_plan.slices.size(), "each planned sequence has one slice");
  for (const Slice& slice : step_plan.slices) {
    const auto at = entries.find(slice.sequence);
    QUIRE_CHECK(at != entries.end() && at->second->end == slice.end, "a slice belongs to a planned sequence");
    const Sequence& sequence = at->second->sequence;
    QUIRE_CHECK(slice.begin == sequence.computed && slice.begin < slice.end &&
                    slice.end - slice.drafted <= sequence.length() && slice.drafted <= std::ssize(sequence.draft),
                "a slice continues its sequence");
    QUIRE_CHECK(slice.samples == (slice.end >= sequence.length()), "a slice samples exactly at the end");
    QUIRE_CHECK(!limits.whole_texts || slice.samples, "a whole text is one slice");
    QUIRE_CHECK(slice.drafted == std::max(0, slice.end - sequence.length()), "what is behind the end is guessed");
  }
}

// Accounts say what the sequences say, and no client that waits was served more than the bound beyond another one.
void Scheduler::State::check_clients() const {
  for (const auto& [name, account] : ledger.accounts()) {
    int64_t promised = 0;
    int32_t waiting_count = 0, sequences = 0;
    for (const auto* list : {&waiting, &running, &parked}) {
      for (const Entry* entry : *list) {
        if (entry->account != account.get()) continue;
        ++sequences;
        const bool waits = entry->sequence.state == SequenceState::waiting;
        waiting_count += waits ? 1 : 0;
        if (!waits) promised += std::max(0, entry->sequence.prompt_length - entry->reached);
      }
    }
    QUIRE_CHECK(sequences == account->sequences && waiting_count == account->waiting, "an account knows its sequences");
    QUIRE_CHECK(promised == account->promised, "promised is what started prompts still cost");
  }
  QUIRE_CHECK(service_gap_max <= service_bound(), "services of waiting clients stay within the bound");
  int64_t tokens = 0;
  for (const Entry* entry : waiting) tokens += entry->sequence.prompt_length;
  QUIRE_CHECK(tokens == waiting_tokens, "the queue knows its tokens");
}

}  // namespace quire
