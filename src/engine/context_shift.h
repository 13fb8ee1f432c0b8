// What a full context goes on as.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/ids.h"

namespace quire {

// The first `keep` tokens and the newer half of the others: what llama.cpp and Ollama leave of a full context. At least
// two tokens are dropped where there are four, and one remains. REQUIRES: at least two tokens, keep >= 0.
std::vector<TokenId> shifted_context(std::span<const TokenId> timeline, int32_t keep);

}  // namespace quire
