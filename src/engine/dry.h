// DRY: which tokens would go on with a repetition of the text's end, and what they lose for it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/sampling.h"
#include "engine/candidates.h"

namespace quire {

// Finds them in time linear in the tokens looked at, whatever repeats. Keeps scratch memory and nothing else; one
// thread. After p-e-w's description of it (text-generation-webui, pull request 5677); numbers as llama.cpp's.
class DryRepetitions {
 public:
  // Adds a penalty for each token that would go on with a repetition of at least dry.allowed_length tokens.
  void penalize(std::span<const TokenId> history, const DryParams& dry, std::vector<LogitPenalty>& penalties);

 private:
  void measure(std::span<const TokenId> window);
  void note(TokenId token, size_t length);

  std::vector<size_t> lengths_;  // [k]: how many tokens before the last k are those at the end as well
  std::vector<size_t> longest_;  // of each token, and one more: what it goes on with; 0: it is not in found_
  std::vector<TokenId> found_;
};

// Tokens at the end of `window` that lie behind its last breaker; all where there is none.
size_t tokens_since_breaker(std::span<const TokenId> window, std::span<const DryBreaker> breakers);

}  // namespace quire
