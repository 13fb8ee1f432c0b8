// What tokens lose for being in the text already.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/sampling.h"
#include "engine/candidates.h"

namespace quire {

// Keeps scratch memory and nothing else; one thread.
class RepeatPenalties {
 public:
  // Adds those of each token of the history: repetition_penalty for any place in it (Keskar et al. 2019, as vLLM has
  // it); repeat_penalty, presence_penalty and frequency_penalty for the last repeat_last_n (as llama.cpp has them).
  void penalize(std::span<const TokenId> history, const SamplingParams& params, std::vector<LogitPenalty>& penalties);

 private:
  template <typename Visit>
  void each_seen(std::span<const TokenId> history, Visit visit);

  std::vector<int32_t> counts_;  // of each token; all 0 between two calls
};

}  // namespace quire
