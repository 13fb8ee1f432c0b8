// Drives a Scheduler as the engine does, with a made-up next token, and checks its invariants at each step.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "sched/scheduler.h"

namespace quire::test {

inline std::vector<TokenId> tokens_from(TokenId first, int32_t count) {
  std::vector<TokenId> tokens(static_cast<size_t>(count));
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

inline Limits limits_of(int32_t block_tokens, int32_t block_count, int32_t running_max = 8,
                        int32_t step_tokens_max = 16) {
  return {.block_tokens = block_tokens,
          .block_count = block_count,
          .context_tokens = block_tokens * block_count,
          .running_max = running_max,
          .queue_max = 64,
          .step_tokens_max = step_tokens_max};
}

class Driver {
 public:
  explicit Driver(const Limits& limits) : scheduler(limits) {}

  // Admits a request for `answer` tokens after `prompt`.
  SequenceDemand demand(uint64_t id, std::vector<TokenId> prompt, int32_t answer) const {
    SequenceDemand one{.id = {id}, .prompt = std::move(prompt), .client = {}};
    one.length_max = static_cast<int32_t>(one.prompt.size()) + answer;
    one.arrived_ns = static_cast<int64_t>(id);
    if (const auto more = forced.find(id); more != forced.end()) one.step_tokens_max = 1 + more->second;
    return one;
  }
  void admit(uint64_t id, std::vector<TokenId> prompt, int32_t answer) {
    ASSERT_TRUE(scheduler.admit(demand(id, std::move(prompt), answer)));
  }

  // One step; the slices it had. It costs the same whatever is in it: rows are for nothing.
  std::vector<Slice> step() { return step_costing(1'000'000, 0); }

  std::vector<Slice> step_costing(int64_t base_ns, int64_t prompt_row_ns) {
    const std::vector<Slice> slices = scheduler.plan(++now_ns).slices;
    scheduler.check_invariants();
    std::vector<SliceOutcome> outcomes;
    for (const Slice& slice : slices) {
      const Sequence& sequence = *scheduler.find(slice.sequence);
      SliceOutcome outcome{.sequence = slice.sequence, .sampled = {}};
      rows_computed += slice.end - slice.begin;
      if (slice.samples) {
        outcome.sampled = static_cast<TokenId>(100000 + slice.sequence.value * 1000 + static_cast<uint64_t>(slice.end));
        const int32_t room = sequence.length_max - sequence.length() - 1;
        outcome.forced =
            std::span(forced_tokens).first(static_cast<size_t>(std::min(room, sequence.step_tokens_max - 1)));
        outcome.finished = sequence.length() + 1 + std::ssize(outcome.forced) >= sequence.length_max;
      }
      outcomes.push_back(outcome);
    }
    scheduler.commit(outcomes);
    int32_t streams = 0, rows = 0;
    for (const Slice& slice : slices) {
      streams += slice.samples && slice.end - slice.begin == 1 ? 1 : 0;
      rows += slice.end - slice.begin;
    }
    last_rows = rows;
    if (!slices.empty()) {
      scheduler.observe(
          {.streams = streams, .prompt_rows = rows - streams, .step_ns = base_ns + prompt_row_ns * (rows - streams)});
    }
    scheduler.check_invariants();
    return slices;
  }

  // Steps until nothing is left; the number of steps.
  int run(int steps_max = 100000) {
    int steps = 0;
    while (!step().empty()) {
      if (++steps > steps_max) ADD_FAILURE() << "no end after " << steps << " steps";
      if (steps > steps_max) break;
    }
    return steps;
  }

  SequenceState state(uint64_t id) const {
    const Sequence* sequence = scheduler.find({id});
    return sequence == nullptr ? SequenceState::finished : sequence->state;
  }

  // Behind each generated token of these sequences come so many more. Set before they are admitted.
  std::map<uint64_t, int32_t> forced;
  const std::vector<TokenId> forced_tokens = tokens_from(50000, 16);

  Scheduler scheduler;
  int64_t now_ns = 0;
  int64_t rows_computed = 0;
  int32_t last_rows = 0;  // of the last step
};

inline const Slice* slice_of(const std::vector<Slice>& slices, uint64_t id) {
  const auto at = std::ranges::find(slices, SequenceId{id}, &Slice::sequence);
  return at == slices.end() ? nullptr : &*at;
}

}  // namespace quire::test
