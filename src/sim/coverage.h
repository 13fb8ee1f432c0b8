// What happened in a simulation, so that a run can show that it was worth something.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quire::sim {

// Every transition of a sequence, every kind of final event, and the rarer turns of the memory.
enum class Occurrence : uint8_t {
  started,              // waiting -> running
  parked_by_band,       // running -> parked: a more urgent one took its place
  parked_for_memory,    // running -> parked: the others needed the room
  paused,               // running -> parked: its client was served too much
  squeezed,             // running -> parked: more urgent prompts needed the step
  started_aged,         // waiting or parked -> running, in a band more urgent than its own
  parked_lost_blocks,   // parked, its blocks left to the prefix tree
  resumed_with_blocks,  // parked -> running, nothing lost
  resumed_without,      // parked -> running, its blocks had been left
  ended_stop_token,
  ended_stop_text,
  ended_length,
  cancelled_waiting,
  cancelled_running,
  cancelled_parked,
  cancelled_parked_without,
  deadline_waiting,
  deadline_running,
  deadline_parked,
  deadline_parked_without,
  deadline_of_queue,
  failed,
  logits_not_numbers,
  refused_busy,
  refused_too_large,
  prompt_cached,         // a prompt was served from the tree
  answer_cached,         // ... from rows of an answer, as the next turn of a chat
  prompt_shared_live,    // ... while another one that computed it was running
  waited_for_leader,     // a running sequence let another one compute their common block
  evicted,               // a cached block was taken
  withheld,              // memory shrank
  windows_withheld,      // ... of window blocks
  states_withheld,       // ... of states
  windows_let_go,        // a sequence went on without the first of its window blocks
  cached_beyond_window,  // ... and had them from the tree, where those before had gone
  window_evicted,        // a cached window block was taken
  snapshot_written,      // a slice wrote the state at an edge that it passed
  snapshot_read,         // ... and a sequence went on from there
  snapshot_evicted,      // ... or it was taken before anybody did
  snapshots_missing,     // the tree went on beyond what a sequence could go on from
  states_guessed,        // guesses were computed which the state was not to see yet
  parallel_moved,        // the controller changed its mind
  prompt_scored,         // a prompt's tokens were told to be how likely
  prompt_pooled,         // a prompt became a vector
  texts_together,        // texts that are computed whole shared a step
  text_beyond_the_step,  // ... and one was longer than a step, and alone in it
  tokens_forced,         // a stream had more than one token to compute
  forced_in_parts,       // ... and computed some of them
  guessed_right,         // a guess at an answer's next tokens was computed
  guessed_wrong,
  context_shifted,       // an answer went on when its context was full
  recomputed,            // rows were computed again
  planned_ahead,         // a step was planned while another one ran
  waited_for_the_step,   // a stream had no row of it, since it had to wait for the other one
  voided,                // a sequence ended in the step that ran, and what was planned of it is not issued
  computed_for_nothing,  // it was cancelled, or lost its blocks, while a step computed rows of it
  count,
};

constexpr size_t occurrence_count = static_cast<size_t>(Occurrence::count);
std::string_view name(Occurrence occurrence);

using Occurrences = std::bitset<occurrence_count>;

// In how many seeds each of them occurred.
class Coverage {
 public:
  void add(const Occurrences& occurrences);
  void add(const Coverage& other);
  int64_t seeds(Occurrence occurrence) const { return seeds_[static_cast<size_t>(occurrence)]; }

 private:
  std::array<int64_t, occurrence_count> seeds_{};
};

}  // namespace quire::sim
