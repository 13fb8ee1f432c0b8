// Events of a request's sequences -> bytes of one response, in the format of the endpoint that was asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/error.h"
#include "core/event.h"
#include "text/parts/parts.h"

namespace quire::api {

// One of the prompts that a response answers.
struct AskedPrompt {
  int64_t tokens = 0;
  std::string text = {};  // where the call has it reported
};

// A prompt as an answer shows it.
struct ShownPrompt {
  std::string text = {};                // as it was sent, else what its tokens stand for
  std::vector<TokenId> tokens = {};     // at least one
  std::vector<std::string> names = {};  // of each token: its own bytes, a control token's name
  std::vector<size_t> offsets = {};     // where each begins, in characters of the text
};

// What an answer has of its prompts.
struct ShownPrompts {
  bool echo = false;                      // each is the beginning of the texts that go on with it
  int32_t echo_top_n = 0;                 // where log-probabilities are asked for: so many beside each of its tokens
  int32_t logprobs_top_n = -1;            // vLLM's list beside the text: so many beside each token; -1: none
  std::vector<ShownPrompt> prompts = {};  // for echo
};

// What is known of an answer before its first token.
struct AnswerHead {
  bool stream = true;
  bool include_usage = false;
  bool wants_logprobs = false;
  bool wants_context = false;        // the final message carries all token ids
  std::string id = {};               // unique; OpenAI's "chatcmpl-..." and "cmpl-..."
  std::string model = {};            // as the client wrote it
  std::string service_tier = {};     // OpenAI: said in the answer when it was asked for
  int64_t created_unix_s = 0;        // OpenAI: one for the whole answer
  std::vector<TokenId> prompt = {};  // when wants_context
  int64_t prompt_tokens = 0;         // of the first prompt
  bool shows_thinking = true;        // else only that there was some
  bool names_stop = false;           // the strings that end it are the client's: which was found is said
  bool prompt_truncated = false;     // not all of what was asked was seen; said in the last message
  size_t choices = 1;                // OpenAI: answers in this response
  size_t choices_per_prompt = 1;     // choices [i * this, (i + 1) * this) are of prompt i
  size_t best = 0;                   // OpenAI: of a prompt's choices so many are sent, the likeliest; 0: all
  ShownPrompts shown = {};           // OpenAI
  VectorForm vector = {};            // of answers that are vectors
  KeptRequest kept = {};             // as the call has it
  Reported reported = {};            // the same
  std::vector<AskedPrompt> prompts = {};
  std::string settings = {};  // of Endpoint::settings
};

// What the server measured around the engine.
struct AnswerTimes {
  int64_t total_ns = 0;  // since the request's first byte was understood
  int64_t load_ns = 0;   // of it, waiting until the model was loaded
};

// More of one choice, taken apart. Parts may lag behind the tokens.
struct AnswerDelta {
  std::vector<parts::Part> parts;
  std::vector<TokenId> tokens;
  std::vector<PositionLogprobs> logprobs;  // one a token, when asked for
  std::optional<RequestStats> stats = {};  // so far, when asked for
};

// Writes one response. One thread. Protocol: for each choice any number of prompt, then any number of delta, then
// finish; or fail once, after which nothing comes. A call that was begun is ended before finish.
class AnswerWriter {
 public:
  virtual ~AnswerWriter() = default;
  virtual std::string_view content_type() const = 0;
  // Takes how likely more of a choice's prompt was.
  virtual void prompt(size_t, const PromptLogprobs&) {}
  // Appends to `out` what a stream sends for more text; keeps it when the answer is sent in one piece.
  virtual void delta(size_t choice, const AnswerDelta& delta, int64_t unix_ns, std::string& out) = 0;
  // Appends the end of a choice's stream; with the last choice, the end of the stream or the whole response.
  // REQUIRES: finished.reason is stop or length.
  virtual void finish(size_t choice, const Finished& finished, const AnswerTimes& times, int64_t unix_ns,
                      std::string& out) = 0;
  // Appends the end of a stream that broke after its first byte, or the body of an error response.
  virtual void fail(const ApiError& error, bool after_first_byte, std::string& out) = 0;
  // What is to be kept of the whole answer under its id, for Endpoint::resume; empty: nothing. REQUIRES: the last
  // finish was called.
  virtual std::string take_record() { return {}; }
};

// "stop", "length", ...: Ollama's done_reason and OpenAI's finish_reason.
std::string_view finish_text(FinishReason reason);

// Appends a server-sent event. `data` is one line; an empty `name`: the event has none.
void put_event(std::string_view data, std::string& out, std::string_view name = {});

// {"token", "logprob", "bytes", "top_logprobs"}: the form that Ollama and OpenAI's chat share.
nlohmann::ordered_json logprob_object(const PositionLogprobs& position);

}  // namespace quire::api
