// A row of logits -> the next token.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/event.h"
#include "core/request.h"
#include "engine/logit_row.h"

namespace quire {

// One thread at a time: it keeps scratch memory between calls and no other state; the choice is a function of
// (logits, params, history, position) alone, and ties break by token id.
//
// Order, as llama.cpp's default chain, behind what a constraint allows: logit bias, penalties, top-k, typical-p, top-p,
// min-p, temperature, draw.
//
// The choice is the one that sorting all tokens and adding up their weights, best first (or by id where nothing asks
// for an order), would make. That is done only where it must: a cut that leaves few tokens is found by what
// LogitRow knows, and a sum over all of them is added up fast and only believed where no rounding can matter.
class Sampler {
 public:
  // The chosen token, or nothing when the logits hold no number that could be chosen (a broken model or row).
  // forbidden: tokens that are never chosen (end tokens under ignore_eos).
  // history: the tokens before this position, prompt included.
  // allowed: the only tokens that are chosen, one bit each as ConstraintState has them; empty: all of them.
  std::optional<TokenId> choose(std::span<const float> logits, const SamplingParams& params,
                                std::span<const TokenId> history, std::span<const TokenId> forbidden,
                                std::span<const uint64_t> allowed = {});

  // Log-probabilities of the model itself (before bias, penalties and temperature) for the chosen token and the best
  // top_n. Texts are not filled. Without meaning, and without a best, where a logit is NaN or plus infinity.
  PositionLogprobs logprobs(std::span<const float> logits, TokenId chosen, int32_t top_n);

 private:
  struct Candidate {
    TokenId token;
    float logit;
    double weight = 0.0;    // exp(logit - best), once it is needed
    double distance = 0.0;  // of its surprise from the entropy, once it is needed
  };

  std::span<const float> adjusted(std::span<const float> logits, const SamplingParams& params,
                                  std::span<const TokenId> history, std::span<const TokenId> forbidden,
                                  std::span<const uint64_t> allowed);
  void keep_allowed(std::span<const float> logits, std::span<const uint64_t> allowed);
  void penalize(const SamplingParams& params, std::span<const TokenId> history);
  TokenId draw(const SamplingParams& params, uint64_t position);
  void gather(float floor);
  void gather_best(size_t count);
  bool gather_top_share(double share);
  void keep_typical(double share);
  void keep_top_share(double share);
  void weigh(double temperature);
  double total_weight() const;
  size_t count_until(double sum) const;

  LogitRow row_;
  std::vector<float> adjusted_;
  std::vector<Candidate> candidates_;  // tokens ascending, or best first where an order was asked for
  std::vector<int32_t> seen_;          // (vocab): how often a token is in the history, only while penalties apply
};

}  // namespace quire
