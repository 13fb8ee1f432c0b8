// What a request must get: its answer when it is alone, computed without blocks, batches or a scheduler.
#pragma once

#include <string>
#include <vector>

#include "core/event.h"
#include "core/request.h"
#include "text/tokenizer.h"

namespace quire::sim {

struct Answer {
  std::vector<TokenId> tokens;
  std::string text;
  FinishReason reason = FinishReason::length;
};

// REQUIRES: the prompt is shorter than the context.
Answer answer_alone(const Request& request, int32_t context_tokens, const Tokenizer& tokenizer);

}  // namespace quire::sim
