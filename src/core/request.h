// A validated demand for generated tokens: what the api layers produce and the engine takes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/constraint.h"
#include "core/ids.h"
#include "core/sampling.h"

namespace quire {

constexpr int32_t band_count = 8;  // RFC 9218: urgency 0 ... 7

// Rows differ in how they came to be: kernels may use one recipe for prompt tokens and another for generated ones
// (docs/kernels.md), never anything that depends on how many rows are computed together.
enum class RowOrigin : uint8_t { prompt, generated };

// How a prompt's rows become one vector.
enum class Pooling : uint8_t { none, first, last, mean };

struct Request {
  SequenceId id;
  std::vector<TokenId> prompt;  // at least one token
  int32_t generated_max = -1;   // tokens to generate at most; -1: until the context is full
  int32_t context_max = 0;      // prompt and answer together at most; 0: the engine's context
  // A full context does not end the answer: it goes on as if its request had begun with the first so many tokens of
  // what there is and the newer half of the others. -1: it ends. REQUIRES otherwise: generated_max >= 0.
  int32_t shift_keep = -1;
  // From its first token; then it ends as by its length, once it has a line break. With the deadlines below, all of an
  // answer that depends on the load is where it ends by these. -1: none.
  int64_t generate_ns_max = -1;
  int32_t generated_min = 0;  // before so many tokens nothing ends it: no end or stop token is chosen, no text stops
  int32_t guesses_max = -1;  // tokens that are guessed for one step at most; -1: as many as pay. No token depends on it
  SamplingParams sampling;
  std::vector<std::string> stop;       // text that ends the answer and is not part of it
  std::vector<TokenId> stop_tokens;    // tokens that end it, besides the model's own end tokens
  std::vector<TokenId> shown_tokens;   // control tokens that are text here, by their names
  bool ignore_eos = false;             // the model's end tokens are never chosen
  bool use_cache = true;               // may take its prompt from KV blocks that are already computed
  int32_t logprobs_top_n = -1;         // -1: no log-probabilities; 0: the chosen token's only; n: the best n as well
  int32_t prompt_logprobs_top_n = -1;  // the same of the prompt's tokens, but for the first
  bool reports_stats = false;          // each piece of text comes with what is known of the request by then
  Pooling pooling = Pooling::none;     // any other: the answer is the prompt's vector, and nothing is generated
  uint8_t priority = 3;                // RFC 9218 urgency: 0 first ... 7 last
  uint64_t cache_salt = 0;             // KV is shared only between equal salts
  std::string client;                  // for fairness and for people: key, user or peer address
  int64_t arrived_ns = 0;              // on the engine's clock
  int32_t client_weight = 1;           // its share of the service beside other clients'; at least 1
  int64_t deadline_ns = -1;            // on the engine's clock: ends it wherever it is; -1: none
  int64_t queue_deadline_ns = -1;      // the same while nothing of it was computed yet; -1: none
  std::shared_ptr<const Constraint> constraint;  // what the answer may say; null: anything
};

}  // namespace quire
