#include "engine/batch_builder.h"

#include "base/check.h"

namespace quire {

Batch BatchBuilder::build(const StepPlan& plan, const Scheduler& scheduler, FunctionRef<bool(SequenceId)> chooses) {
  tokens_.clear();
  origins_.clear();
  slices_.clear();
  int32_t logits_rows = 0;
  for (const Slice& slice : plan.slices) {
    const Sequence* sequence = scheduler.find(slice.sequence);
    QUIRE_CHECK(sequence && slice.begin == sequence->computed && slice.begin < slice.end &&
                    slice.end <= sequence->length() && slice.samples == (slice.end == sequence->length()),
                "a slice goes on where its sequence stands");
    const auto row_begin = static_cast<int32_t>(tokens_.size());
    for (int32_t position = slice.begin; position < slice.end; ++position) {
      tokens_.push_back(sequence->tokens[static_cast<size_t>(position)]);
      origins_.push_back(sequence->origin(position));
    }
    slices_.push_back({.sequence = slice.sequence,
                       .row_begin = row_begin,
                       .row_end = static_cast<int32_t>(tokens_.size()),
                       .position_begin = slice.begin,
                       .blocks = sequence->blocks,
                       .logits_row = slice.samples && chooses(slice.sequence) ? logits_rows++ : -1});
  }
  return {.tokens = tokens_, .origins = origins_, .slices = slices_, .logits_rows = logits_rows};
}

}  // namespace quire
