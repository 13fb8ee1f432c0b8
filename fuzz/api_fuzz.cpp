// Bodies of requests: any bytes are an error with a client's status, or a call within its bounds.
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/chat_input.h"
#include "api/llama_server/dialect.h"
#include "api/llama_server/request.h"
#include "api/ollama/dialect.h"
#include "api/ollama/request.h"
#include "api/ollama/store_calls.h"
#include "api/responses/records.h"
#include "api/responses/request.h"
#include "base/check.h"

namespace {

using namespace quire::api;

template <typename T>
void check_error(const ApiResult<T>& result, const Dialect& dialect) {
  if (result) return;
  QUIRE_CHECK(result.error().status == 400 || result.error().status == 413, "a body is the client's business");
  QUIRE_CHECK(!result.error().message.empty(), "an error says something");
  QUIRE_CHECK(!dialect.error_body(result.error()).empty(), "an error can be written, whatever bytes it quotes");
}

// Pieces have none of their own, but those around a gap, which are two prompts.
void check_prompt(const TextPrompt& prompt, int depth = 0) {
  QUIRE_CHECK(depth <= 2, "pieces are not nested");
  for (const quire::TokenId token : prompt.tokens) QUIRE_CHECK(token >= 0, "ids are not negative");
  for (const TextPrompt& piece : prompt.pieces) check_prompt(piece, depth + 1);
}

void check_call(const Dialect& dialect, const ApiResult<GenerationCall>& call) {
  check_error(call, dialect);
  if (!call) return;
  const GenerationOptions& options = call->options;
  QUIRE_CHECK(options.num_predict >= -1 && options.num_ctx.value_or(1) >= 1, "counts are sane");
  QUIRE_CHECK(options.sampling.temperature >= 0 && options.sampling.top_p >= 0 && options.sampling.top_p <= 1 &&
                  options.sampling.repeat_penalty > 0,
              "sampling is sane");
  QUIRE_CHECK(options.sampling.repetition_penalty > 0 && options.sampling.dry.base >= 1 &&
                  options.sampling.mirostat.version <= 2 && options.min_tokens >= 0,
              "samplers are sane");
  QUIRE_CHECK(std::ranges::is_sorted(options.sampling.allowed_tokens), "allowed tokens are in order");
  for (const std::string& breaker : options.texts.dry_breakers) QUIRE_CHECK(!breaker.empty(), "a breaker is a text");
  QUIRE_CHECK(call->priority.value_or(0) <= 7 && call->logprobs_top_n <= 20 && call->prompt_logprobs_top_n <= 20,
              "ranges are kept");
  const size_t answers = static_cast<size_t>(call->made()) * (1 + call->more_prompts.size());
  QUIRE_CHECK(call->choices >= 1 && answers <= static_cast<size_t>(call->vector ? vectors_max : choices_max),
              "answers are bounded");
  QUIRE_CHECK(!call->vector || (call->vector->dimensions >= 0 && call->vector->norm >= -1), "a vector's form is sane");
  QUIRE_CHECK(
      call->cache_salt.size() <= 256 && call->deadline_ms.value_or(1) > 0 && call->queue_timeout_ms.value_or(1) > 0,
      "what bounds a request is sane");
  check_prompt({.tokens = call->prompt_tokens, .pieces = call->prompt_pieces});
  for (const TextPrompt& prompt : call->more_prompts) check_prompt(prompt);
  if (call->fill_in) {
    check_prompt(call->fill_in->before);
    check_prompt(call->fill_in->after);
  }
  (void)chat_input(call->messages, *call, 0);
}

// A kept answer whose conversation is that of this body, if it has one.
std::optional<std::string> record_of(std::string_view body) {
  const auto call = responses::parse_responses(body);
  if (!call) return std::nullopt;
  return responses::make_record({{"id", "resp_1"}, {"output", nlohmann::ordered_json::array()}}, call->kept.items);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(input), size);
  for (const Dialect* dialect : dialects()) {
    for (const Endpoint* endpoint : dialect->endpoints) {
      ApiResult<GenerationCall> call = endpoint->parse(body);
      check_call(*dialect, call);
      if (!call || call->kept.from.empty()) continue;
      // What is kept is whole, or it is not given; but it is what other clients once sent.
      const std::vector<std::optional<std::string>> records(call->kept.from.size(), record_of(body));
      const ApiResult<void> resumed = endpoint->resume(*call, records);
      QUIRE_CHECK(resumed || !dialect->error_body(resumed.error()).empty(),
                  "what is not kept is the client's business");
    }
  }
  check_error(llama_server::parse_tokenize(body), llama_server::dialect);
  check_error(llama_server::parse_detokenize(body), llama_server::dialect);
  check_error(ollama::parse_show(body), ollama::dialect);
  check_error(ollama::parse_transfer(body), ollama::dialect);
  check_error(ollama::parse_create(body), ollama::dialect);
  check_error(ollama::parse_copy(body), ollama::dialect);
  check_error(ollama::parse_delete(body), ollama::dialect);
  return 0;
}
