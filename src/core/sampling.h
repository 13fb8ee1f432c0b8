// How the next token is chosen from a row of logits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/ids.h"

namespace quire {

// What a row of logits goes through before a token is drawn, in the default order, which is llama.cpp's.
enum class SamplingStep : uint8_t { penalties, dry, top_n_sigma, top_k, typical_p, top_p, min_p, xtc, temperature };
constexpr size_t sampling_step_count = 9;

// The steps in the order in which they are done; one that is missing is not done at all.
class SamplingOrder {
 public:
  constexpr SamplingOrder() {
    for (size_t index = 0; index < sampling_step_count; ++index) add(static_cast<SamplingStep>(index));
  }
  static constexpr SamplingOrder of(std::span<const SamplingStep> steps) {
    SamplingOrder order;
    order.count_ = 0;
    for (const SamplingStep step : steps) order.add(step);
    return order;
  }

  constexpr std::span<const SamplingStep> steps() const { return std::span(steps_).first(count_); }
  constexpr bool has(SamplingStep wanted) const {
    for (const SamplingStep step : steps()) {
      if (step == wanted) return true;
    }
    return false;
  }
  // A step is in it once: the second is left out.
  constexpr void add(SamplingStep step) {
    if (!has(step)) steps_[count_++] = step;
  }

 private:
  std::array<SamplingStep, sampling_step_count> steps_{};
  size_t count_ = 0;
};

// Tokens that cover a text which repetitions are not counted across: one token, and what must come after it where it
// holds the text's beginning only.
struct DryBreaker {
  TokenId first;
  std::vector<TokenId> rest = {};
};

// "Don't repeat yourself" (p-e-w, text-generation-webui): a token that would go on with a repetition of n tokens loses
// multiplier * base^(n - allowed_length) of its logit.
struct DryParams {
  float multiplier = 0.0F;  // 0: off
  float base = 1.75F;
  int32_t allowed_length = 2;
  int32_t penalty_last_n = -1;            // tokens that are looked at; -1: all, 0: off
  std::vector<DryBreaker> breakers = {};  // by first
};

// "Exclude top choices" (p-e-w): with `probability`, of the tokens that hold `threshold` each only the least likely
// one stays.
struct XtcParams {
  float probability = 0.0F;  // 0: off
  float threshold = 0.1F;
};

// Basu et al. 2020: the cut follows the surprise of what was chosen, so that it stays near `tau` bits.
struct MirostatParams {
  uint8_t version = 0;  // 0: off, 1, 2
  float tau = 5.0F;
  float eta = 0.1F;
};

// Defaults choose greedily without any change of the logits.
struct SamplingParams {
  float temperature = 0.0F;     // <= 0: greedy, unless it is dynamic
  float dynatemp_range = 0.0F;  // > 0: the temperature is within this of `temperature`, by the entropy of the tokens
  float dynatemp_exponent = 1.0F;
  int32_t top_k = 0;         // <= 0: off
  float top_p = 1.0F;        // 1: off
  float min_p = 0.0F;        // 0: off
  float typical_p = 1.0F;    // 1: off
  float top_n_sigma = 0.0F;  // <= 0: off
  int32_t min_keep = 0;      // tokens that typical_p, top_p, min_p and xtc leave at least
  float repeat_penalty = 1.0F;
  float presence_penalty = 0.0F;
  float frequency_penalty = 0.0F;
  int32_t repeat_last_n = 64;       // tokens that these three look back at; -1: all
  float repetition_penalty = 1.0F;  // looks back at all tokens, as vLLM's
  DryParams dry = {};
  XtcParams xtc = {};
  MirostatParams mirostat = {};  // in place of every step that cuts
  SamplingOrder order = {};
  std::vector<std::pair<TokenId, float>> logit_bias;
  std::vector<TokenId> allowed_tokens;          // ascending; empty: all
  std::vector<std::vector<TokenId>> bad_words;  // sequences that the answer never completes; none is empty
  uint64_t seed = 0;  // the draw at a position is a function of (seed, choice, position) alone
  uint32_t choice = 0;
};

}  // namespace quire
