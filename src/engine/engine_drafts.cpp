// What the engine has guessed, and what it says of its steps to who guesses.
#include <algorithm>

#include "base/check.h"
#include "engine/engine.h"

namespace quire {

// What may come behind each stream. A guess that the answer cannot use up is not worth a row. Returns how long it took.
int64_t Engine::guess() {
  if (!drafter_) return 0;
  const int64_t begin_ns = clock_.now_ns();
  guess_bounds_.clear();
  for (const auto& [id, context] : contexts_) {
    const Sequence* sequence = scheduler_.find(id);
    if (sequence == nullptr || sequence->state != SequenceState::running || context.generated == 0) continue;
    if (context.constraint != nullptr || sequence->computed != sequence->length() - 1) continue;
    const Request& request = context.request;
    int64_t room = std::min(draft_tokens_max, sequence->length_max - sequence->length() - 1);
    if (request.generated_max >= 0) room = std::min<int64_t>(room, request.generated_max - context.generated - 1);
    if (request.guesses_max >= 0) room = std::min<int64_t>(room, request.guesses_max);
    if (room > 0) guess_bounds_.push_back({.sequence = id, .most = static_cast<int32_t>(room)});
  }
  if (drafter_->computes()) scheduler_.bound_guesses(guess_bounds_);
  places_.resize(guess_bounds_.size());
  for (size_t index = 0; index < places_.size(); ++index) {
    const Context& context = contexts_.at(guess_bounds_[index].sequence);
    const Sequence& sequence = *scheduler_.find(guess_bounds_[index].sequence);
    DraftPlace& place = places_[index];
    place.request = &context.request;
    place.timeline = sequence.tokens;
    place.prompt_tokens = static_cast<size_t>(context.context_prompt);
    place.blocks = sequence.blocks;
    place.forbidden = forbidden(context, context.generated);
    place.most = guess_bounds_[index].most;
    place.guesses.clear();
  }
  drafter_->guess(places_);
  for (size_t index = 0; index < places_.size(); ++index) {
    const DraftPlace& place = places_[index];
    QUIRE_CHECK(std::ssize(place.guesses) <= place.most, "no more is guessed than was asked for");
    scheduler_.guess(guess_bounds_[index].sequence, place.guesses);
  }
  return clock_.now_ns() - begin_ns;
}

// Rows whose next token came with this step, or stands in the prompt. Before the outcomes are committed: sequences that
// end are still there.
void Engine::tell_computed(const StepPlan& plan, const Batch& batch) {
  if (!drafter_) return;
  computed_rows_.clear();
  computed_next_.clear();
  computed_next_.reserve(batch.tokens.size());  // spans of it are told
  for (size_t index = 0; index < plan.slices.size(); ++index) {
    const Slice& slice = plan.slices[index];
    const SliceOutcome& outcome = outcomes_[index];
    if (outcome.failed || outcome.voided) continue;
    const Sequence& sequence = *scheduler_.find(slice.sequence);
    // Of one that has lost its blocks while the step ran nothing stays.
    if (sequence.computed != slice.begin || std::ssize(sequence.blocks) * limits_.block_tokens < slice.end) continue;
    const size_t begin = computed_next_.size();
    const auto rows = static_cast<size_t>(slice.end - slice.drafted + outcome.accepted - slice.begin);
    const auto add = [&](std::span<const TokenId> tokens) {
      const size_t missing = rows - (computed_next_.size() - begin);
      const std::span<const TokenId> added = tokens.first(std::min(tokens.size(), missing));
      computed_next_.insert(computed_next_.end(), added.begin(), added.end());
    };
    add(std::span(sequence.tokens).subspan(static_cast<size_t>(slice.begin) + 1));
    if (outcome.sampled) add({&*outcome.sampled, 1});
    add(outcome.forced);
    computed_rows_.push_back({.sequence = slice.sequence,
                              .row_begin = batch.slices[index].row_begin,
                              .position_begin = slice.begin,
                              .next = std::span(computed_next_).subspan(begin),
                              .blocks = sequence.blocks});
  }
  drafter_->computed(computed_rows_);
}

}  // namespace quire
