// A row of logits -> the next token.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/event.h"
#include "core/request.h"

namespace quire {

// The chosen token, or nothing when the logits hold no number that could be chosen (a broken model or row).
// Engine thread only: it keeps scratch memory between calls and no other state; the choice is a function of
// (logits, params, history, position) alone, and ties break by token id.
//
// Order, as llama.cpp's default chain: logit bias, penalties, top-k, typical-p, top-p, min-p, temperature, draw.
class Sampler {
 public:
  // forbidden: tokens that are never chosen (end tokens under ignore_eos).
  // history: the tokens before this position, prompt included.
  std::optional<TokenId> choose(std::span<const float> logits, const SamplingParams& params,
                                std::span<const TokenId> history, std::span<const TokenId> forbidden);

 private:
  struct Candidate {
    TokenId token;
    float logit;
    double weight;  // exp(logit - best), once it is needed
  };

  void apply_bias_and_penalties(const SamplingParams& params, std::span<const TokenId> history,
                                std::span<const TokenId> forbidden);
  TokenId draw(const SamplingParams& params, uint64_t position);
  void keep_best(size_t count);
  void keep_typical(double share);
  void keep_top_share(double share);
  void weigh(double temperature);

  std::vector<float> logits_;
  std::vector<Candidate> candidates_;  // sorted best first once keep_best has run
  std::vector<int32_t> seen_;          // (vocab): how often a token is in the history, only while penalties apply
};

// Log-probabilities of the model itself (before bias, penalties and temperature) for the chosen token and the best
// top_n. Texts are not filled.
PositionLogprobs position_logprobs(std::span<const float> logits, TokenId chosen, int32_t top_n);

}  // namespace quire
