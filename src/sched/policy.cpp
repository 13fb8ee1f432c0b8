#include "sched/policy.h"

#include <algorithm>

namespace quire {

Rank Policy::rank(const Sequence& sequence) const {
  return {.band = sequence.priority, .arrived_ns = sequence.arrived_ns, .id = sequence.id};
}

int32_t Policy::running_max() const { return std::max(1, std::min(limits_.running_max, limits_.step_tokens_max)); }

// A sequence that is one token behind is a stream that someone reads: those come before every prompt, so that no
// prompt, however long, stops them. Prompts follow by band.
int32_t Policy::budget_class(const Sequence& sequence, int32_t behind) const {
  return behind <= 1 ? 0 : 1 + sequence.priority;
}

// Answers have heavy tails: one that has run for g tokens is expected to run for g more, and for a block at least, so
// that one that has just started is not parked at once. Any value is correct; it trades waiting for parking.
int32_t Policy::expected_growth(const Sequence& sequence) const {
  const int32_t generated = sequence.length() - sequence.prompt_length;
  return std::min(sequence.length_max - sequence.length(), std::max(limits_.block_tokens, generated));
}

}  // namespace quire
