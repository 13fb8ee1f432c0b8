#include "engine/batch_builder.h"

#include <algorithm>

#include "base/check.h"

namespace quire {

Batch BatchBuilder::build(const StepPlan& plan, const Scheduler& scheduler,
                          FunctionRef<ChoiceNeeds(SequenceId)> needs) {
  tokens_.clear();
  origins_.clear();
  slices_.clear();
  int32_t logits_rows = 0;
  for (const Slice& slice : plan.slices) {
    const Sequence* sequence = scheduler.find(slice.sequence);
    QUIRE_CHECK(sequence && slice.begin == sequence->computed && slice.begin < slice.end &&
                    slice.end <= sequence->length() + std::ssize(sequence->draft) &&
                    slice.samples == (slice.end >= sequence->length()) &&
                    slice.drafted == std::max(0, slice.end - sequence->length()),
                "a slice goes on where its sequence stands");
    const auto row_begin = static_cast<int32_t>(tokens_.size());
    for (int32_t position = slice.begin; position < slice.end; ++position) {
      const int32_t guess = position - sequence->length();
      tokens_.push_back(guess < 0 ? sequence->tokens[static_cast<size_t>(position)]
                                  : sequence->draft[static_cast<size_t>(guess)]);
      origins_.push_back(sequence->origin(position));
    }
    const ChoiceNeeds needed = slice.samples ? needs(slice.sequence) : ChoiceNeeds::nothing;
    const bool sampled = needed != ChoiceNeeds::nothing;
    slices_.push_back({.sequence = slice.sequence,
                       .row_begin = row_begin,
                       .row_end = static_cast<int32_t>(tokens_.size()),
                       .position_begin = slice.begin,
                       .blocks = sequence->blocks,
                       .window_blocks = sequence->window_blocks,
                       .state = sequence->own_state,
                       .state_from = sequence->state_from,
                       .snapshots = sequence->snapshots,
                       .drafted = slice.drafted,
                       .logits_row = sampled ? logits_rows : -1,
                       .logits_rows = 1 + slice.drafted,
                       .likeliest = needed == ChoiceNeeds::likeliest});
    logits_rows += sampled ? 1 + slice.drafted : 0;
  }
  return {.tokens = tokens_, .origins = origins_, .slices = slices_, .logits_rows = logits_rows};
}

}  // namespace quire
