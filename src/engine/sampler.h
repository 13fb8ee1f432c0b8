// A row of logits -> the next token.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/event.h"
#include "core/sampling.h"
#include "engine/candidates.h"
#include "engine/logit_row.h"
#include "engine/sampling_steps.h"

namespace quire {

struct SamplingChoice {
  TokenId token;
  std::optional<double> mirostat_mu;  // for the next choice
};

// One thread at a time: it keeps scratch memory between calls and no other state; the choice is a function of
// (logits, params, place) alone, and ties break by token id.
//
// First what may be chosen at all (mask, allowed_tokens, bad_words, forbidden) and logit_bias; then the steps of
// params.order, each at its place; then the draw. Greedy is the likeliest token after penalties and DRY: no cut moves
// it. Mirostat takes the place of all steps that cut, as in llama.cpp; penalties, DRY and temperature are done.
class Sampler {
 public:
  // The chosen token, or nothing when no number is left that could be chosen (a broken model or row, or all tokens are
  // forbidden).
  std::optional<SamplingChoice> choose(std::span<const float> logits, const SamplingParams& params,
                                       const SamplingPlace& place);

  // What choose() draws from, each with its weight. Valid until the next call. Empty where it would choose nothing.
  std::span<const Candidate> distribution(std::span<const float> logits, const SamplingParams& params,
                                          const SamplingPlace& place);

  // Log-probabilities of the model itself (before bias, penalties and temperature) for the chosen token and the best
  // top_n. Texts are not filled. Without meaning, and without a best, where a logit is NaN or plus infinity.
  PositionLogprobs logprobs(std::span<const float> logits, TokenId chosen, int32_t top_n);

 private:
  bool run(std::span<const float> logits, const SamplingParams& params, const SamplingPlace& place);
  void forbid(const SamplingParams& params, const SamplingPlace& place);

  SamplingScratch scratch_;
  LogitRow row_;                 // of logprobs()
  std::vector<Candidate> best_;  // of logprobs()
};

}  // namespace quire
