// The only thing that leaves the engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "core/ids.h"

namespace quire {

struct TokenLogprob {
  TokenId token = 0;
  float logprob = 0.0F;
  std::string text;  // the token's own bytes
};

// The chosen token with the best ones at its position, most likely first.
struct PositionLogprobs {
  TokenLogprob chosen;
  std::vector<TokenLogprob> top;
};

enum class FinishReason : uint8_t {
  stop,       // an end token or a stop string
  length,     // generated_max reached or the context full
  cancelled,  // the client went away or asked for it
  deadline,
  error,
};
constexpr int32_t finish_reason_count = 5;

// Counts and times of one finished request, in nanoseconds of the engine's clock.
struct RequestStats {
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;  // of the prompt, those that needed no computing
  int64_t generated_tokens = 0;
  int64_t draft_tokens = 0;       // guesses at the answer that were computed
  int64_t accepted_tokens = 0;    // ... and were right
  int64_t queue_ns = 0;           // arrival -> first step that computed a token of it
  int64_t prompt_ns = 0;          // -> first token
  int64_t generate_ns = 0;        // first token -> last token
  int64_t preemptions = 0;        // times it was parked
  int64_t recomputed_tokens = 0;  // computed again after their blocks were taken
  uint64_t seed = 0;              // the one that was used
};

// More of an answer. The text is whole UTF-8 characters and holds no part of a stop string.
struct TextDelta {
  std::string text;
  std::vector<TokenId> tokens;
  std::vector<PositionLogprobs> logprobs;  // one a token, when asked for
  std::optional<RequestStats> stats;       // so far, when asked for
};

// How likely the prompt's next tokens were, when asked for: those of all but its first token come, in order, before
// the answer's first text.
struct PromptLogprobs {
  std::vector<PositionLogprobs> positions;
};

// Exactly one for each request that was submitted, and nothing after it.
struct Finished {
  FinishReason reason = FinishReason::stop;
  ErrorKind error_kind = ErrorKind::internal;  // error only: busy and too_large mean that it never started
  std::string error;                           // error and deadline: what people are told
  std::string stop_text;                       // the stop string that was found, if any
  std::vector<float> embedding;                // (width of the model), where pooling was asked for; of any length
  RequestStats stats;
};

struct Event {
  SequenceId id;
  std::variant<TextDelta, Finished, PromptLogprobs> body;
};

}  // namespace quire
