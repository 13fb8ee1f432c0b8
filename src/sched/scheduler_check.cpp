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
  for (int32_t index = 0; index < planned; ++index) {
    check_plan(plans[index == 0 ? oldest : 1 - oldest], index == planned - 1);
  }
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
  QUIRE_CHECK(planned == 0 || limits.plans_ahead > 0 || !running.empty(), "a plan has running sequences");
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
  QUIRE_CHECK(entry.end < 0 || (planned > 0 && sequence.state == SequenceState::running),
              "only running ones are planned");
  QUIRE_CHECK(sequence.issued >= sequence.computed && sequence.awaited >= 0 && sequence.awaited <= 1 &&
                  (counted_on || (sequence.issued == sequence.computed && sequence.awaited == 0 && !entry.waits)),
              "what a step gives is expected while it runs");
  memory.check(sequence, std::max(entry.end, entry.running_end));
}

// The plan keeps to the budget and continues each sequence where it stands. Of one that was cancelled while the step
// runs nothing is left, and the plan before a last one is of what stood before.
void Scheduler::State::check_plan(const StepPlan& plan, bool is_last) const {
  const bool one_text = limits.whole_texts && plan.slices.size() == 1;
  QUIRE_CHECK(one_text || plan.token_count() <= policy.step_tokens(), "a step keeps to its budget");
  if (!is_last || counted_on != (planned == 2)) return;
  size_t in_plan = 0, cancelled = 0;
  for (const Entry* entry : running) in_plan += entry->end >= 0 ? 1 : 0;
  for (const Slice& slice : plan.slices) {
    const auto at = entries.find(slice.sequence);
    if (at != entries.end()) {
      check_slice(*at->second, slice);
    } else {
      ++cancelled;
    }
  }
  QUIRE_CHECK(in_plan + cancelled == plan.slices.size(), "each planned sequence has one slice");
  QUIRE_CHECK(cancelled == 0 || limits.plans_ahead > 0, "a slice belongs to a planned sequence");
}

void Scheduler::State::check_slice(const Entry& entry, const Slice& slice) const {
  const Sequence& sequence = entry.sequence;
  const int32_t length = sequence.expected_length();
  QUIRE_CHECK(entry.end == slice.end && !entry.waits, "a slice belongs to a planned sequence");
  QUIRE_CHECK(slice.begin == sequence.issued && slice.begin < slice.end && slice.end - slice.drafted <= length &&
                  slice.drafted <= std::ssize(sequence.draft),
              "a slice continues its sequence");
  QUIRE_CHECK(slice.samples == (slice.end >= length), "a slice samples exactly at the end");
  QUIRE_CHECK(!limits.whole_texts || slice.samples, "a whole text is one slice");
  QUIRE_CHECK(slice.drafted == std::max(0, slice.end - length), "what is behind the end is guessed");
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
