// How many rows of a step are of tokens that are only guessed.
#pragma once

#include <cstdint>
#include <span>

namespace quire {

inline constexpr int32_t certain = 1024;  // probabilities are in parts of it

// One stream's draft.
struct DraftOffer {
  int32_t length = 0;      // of the draft
  int32_t acceptance = 0;  // how likely a guessed token is right that comes behind right ones
  int32_t rows = 0;        // given: its first so many tokens
};

// Gives rows one after the other to the offer whose next token is the likeliest, while that makes the streams faster
// together: while a row brings more tokens for its time than the step does without it. `step_ns` is the step without
// drafts, `row_ns` what a row adds to it. Where several offers are as good the first one gets the row.
// A pure function. REQUIRES: streams >= 1, step_ns > 0, row_ns > 0.
void give_draft_rows(std::span<DraftOffer> offers, int64_t streams, int64_t step_ns, int64_t row_ns, int64_t rows_max);

// Whether the first guess of so likely a stream would be given one beside nothing else.
bool is_worth_a_row(int32_t acceptance, int64_t streams, int64_t step_ns, int64_t row_ns);

// How likely the next guesses of a stream are right, after `accepted` of `drafted` ones were. It forgets the older
// ones; a stream whose drafts were not tried for long gets another trial.
int32_t acceptance_after(int32_t acceptance, int32_t drafted, int32_t accepted);
int32_t acceptance_untried(int32_t acceptance);
inline constexpr int32_t acceptance_at_first = certain * 3 / 4;

}  // namespace quire
