// What a request must get: its answer when it is alone, computed without blocks, batches or a scheduler.
#pragma once

#include <string>
#include <vector>

#include "core/event.h"
#include "core/limits.h"
#include "core/request.h"
#include "text/tokenizer.h"

namespace quire::sim {

struct Answer {
  std::vector<TokenId> tokens;
  std::string text;
  FinishReason reason = FinishReason::length;
  std::vector<float> prompt_logprobs;  // of its tokens but the first, each with the best ones
  std::vector<float> embedding;
};

// How likely each of these is, and the best ones beside it, in a row.
void add_logprobs(const std::vector<PositionLogprobs>& positions, std::vector<float>& to);

// REQUIRES: the prompt fits into the context, with an answer if there is one.
Answer answer_alone(const Request& request, const Limits& limits, const Tokenizer& tokenizer);

}  // namespace quire::sim
