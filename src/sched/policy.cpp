#include "sched/policy.h"

#include <algorithm>

namespace quire {

// A sequence that has waited ageing_steps counts as one band more urgent, and so on; after one interval more in band
// 0 it is overdue and goes before all that are not, in order of arrival.
Rank Policy::candidate_rank(const Sequence& sequence, const ClientAccount& account, int64_t waited_steps) const {
  const int64_t lifted = waited_steps / limits_.ageing_steps;
  const bool overdue = lifted > sequence.priority;
  return {.band = static_cast<uint8_t>(sequence.priority - std::min<int64_t>(lifted, sequence.priority)),
          .service = overdue ? -1 : account.service(),
          .arrived_ns = sequence.arrived_ns,
          .id = sequence.id};
}

Rank Policy::running_rank(const Sequence& sequence, uint8_t band, int64_t start_number) const {
  return {.band = band, .service = start_number, .arrived_ns = sequence.arrived_ns, .id = sequence.id};
}

bool Policy::pauses(const Rank& running, const ClientAccount& account, int64_t waiting_consumed, int64_t step_tokens,
                    int64_t service_bound) const {
  if (running.band != account.band) return false;
  return account.service() - waiting_consumed > service_bound - account.cost(generated_token_cost * step_tokens);
}

int32_t Policy::running_max() const { return std::max(1, std::min(limits_.running_max, limits_.step_tokens_max)); }

// Unless it was given: 2.4 times the step of one context, so that the longest gap beside a prompt, with all that
// happens on a machine, stays under three; and beside many streams half a step of theirs for the prompts, else a crowd
// would starve them.
int64_t Policy::target_gap_ns(const StepCost& cost, int32_t streams) const {
  if (limits_.target_gap_ns > 0) return limits_.target_gap_ns;
  return std::max(cost.decode_ns(1) * 12 / 5, cost.decode_ns(streams) * 3 / 2);
}

int32_t Policy::step_tokens_beside(const StepCost& cost, int32_t streams) const {
  const int64_t most = std::max(0, limits_.step_tokens_max - streams);
  if (cost.prompt_row_ns() == 0)
    return streams + static_cast<int32_t>(std::min<int64_t>(most, limits_.prompt_rows_min));
  const int64_t spare_ns = std::max<int64_t>(0, target_gap_ns(cost, streams) - cost.decode_ns(streams));
  const int64_t rows = std::max<int64_t>(limits_.prompt_rows_min, spare_ns / cost.prompt_row_ns());
  return streams + static_cast<int32_t>(std::min(most, rows));
}

// A sixteenth of the streams' step: with masks and all else that constrained streams cost, they stay under a tenth.
int32_t Policy::known_rows_beside(const StepCost& cost, int32_t streams) const {
  if (streams <= 1) return limits_.step_tokens_max;  // it is alone
  if (cost.prompt_row_ns() == 0) return limits_.prompt_rows_min;
  const int64_t rows = std::max<int64_t>(1, cost.decode_ns(streams) / 16 / cost.prompt_row_ns());
  return static_cast<int32_t>(std::min<int64_t>(rows, limits_.step_tokens_max));
}

// Answers have heavy tails: one that is longer than expected, by now g tokens, is expected to run for g more, and each
// for a block at least, so that one that has just started is not parked at once. Any value is correct; it trades
// waiting for parking.
int32_t Policy::expected_growth(const Sequence& sequence) const {
  const int32_t generated = sequence.length() - sequence.prompt_length;
  const int32_t expected = limits_.answer_tokens_expected;
  const int32_t growth = generated < expected ? expected - generated : generated;
  return std::min(sequence.length_max - sequence.length(), std::max(limits_.block_tokens, growth));
}

}  // namespace quire
