// What a client asks for, whichever dialect it spoke: the result of parsing, before any model is involved.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "api/error.h"
#include "core/ids.h"
#include "core/request.h"
#include "text/chat_template.h"
#include "text/constraint/spec.h"
#include "text/token_texts.h"

namespace quire::api {

// A call that a model made of a tool, in the history of a conversation.
struct ToolCall {
  std::string id;  // empty: the dialect has none
  std::string name;
  std::string arguments;  // the text of a JSON object
};

// A function that a model may call.
struct Tool {
  std::string name;
  std::string description;
  std::string parameters;     // a JSON schema; empty: any object
  bool strict = true;         // what it is called with keeps to the schema
  bool strict_asked = false;  // by the client: a schema that cannot be kept to is an error then
};

enum class ToolMode : uint8_t { automatic, none, required };
struct ToolChoice {
  ToolMode mode = ToolMode::automatic;
  std::string name;  // required: this one; empty: any
};

// One turn of a conversation, as the chat template will see it.
struct Message {
  std::string role;  // lower case
  std::string content;
  std::optional<std::string> thinking;
  std::optional<std::string> name;
  std::optional<std::string> tool_name;
  std::optional<std::string> tool_call_id;
  std::vector<ToolCall> tool_calls = {};
};

inline SamplingParams native_sampling() {
  SamplingParams sampling;
  sampling.temperature = 0.8F;
  sampling.top_k = 40;
  sampling.top_p = 0.9F;
  return sampling;
}

// Of num_keep: all of the prompt.
inline constexpr int32_t keep_prompt = std::numeric_limits<int32_t>::max();

// Sampling and limits; the defaults are those of the native endpoints (OpenAI's differ: openai/request.h).
struct GenerationOptions {
  SamplingParams sampling = native_sampling();  // its seed is not used
  std::optional<uint64_t> seed;                 // none: the server draws one
  int32_t num_predict = -1;                     // negative: until the context is full
  bool fills_context = false;                   // num_predict -2: until the context is full, and no further
  std::optional<int32_t> num_ctx;               // a cap on this request's context
  std::optional<int64_t> gpu_layers;            // of the model, where this request loads it; none: as many as fit
  int32_t num_keep = 4;                         // first tokens kept when a prompt is cut or a context shifted
  int32_t min_tokens = 0;                       // as Request::generated_min
  int32_t guesses_max = -1;                     // as Request::guesses_max
  std::vector<std::string> stop;
  std::vector<TokenId> stop_tokens = {};
  TokenTexts texts = {};  // what they mean is added to `sampling` when the model is known
  bool ignore_eos = false;
  bool cache_prompt = true;
};

// One of several prompts of a request.
struct TextPrompt {
  std::string text = {};
  std::vector<TokenId> tokens = {};     // given as ids; `text` is empty then
  std::vector<TextPrompt> pieces = {};  // texts and ids in turn; the two above are empty then, and these have none
};

// The prompts are documents, and what is asked for is how well each answers a query.
struct RankForm {
  std::string query = {};
  int32_t top_n = 0;  // of the best so many; 0: of all
  bool bare = false;  // the answer is an array, without anything around it
  bool returns_texts = false;
  std::vector<std::string> texts = {};  // the documents, where they are
};

// What is asked of the vectors that prompts become.
struct VectorForm {
  bool has_input = true;              // there are prompts; without one nothing is asked
  int32_t dimensions = 0;             // only the first so many, which then have the whole's norm; 0: all
  bool or_fewer = false;              // ... or all there are, of a model that has fewer
  int32_t norm = 2;                   // what each is divided by: api/vectors.h
  bool base64 = false;                // written as little-endian float32 in base64
  std::optional<RankForm> rank = {};  // each is one number, a rank
};

constexpr int64_t keep_alive_forever = -1;
// Answers in one response.
constexpr int64_t choices_max = 128;
// Tokens that are named beside the one that came.
constexpr int64_t logprobs_top_max = 20;
// Vectors in one response.
constexpr int64_t vectors_max = 2048;

// What comes after the last message of a conversation.
enum class LastTurn : uint8_t {
  automatic,  // an assistant's message is gone on with, any other is answered
  open,       // it is gone on with, whoever wrote it
  answered,   // it is closed, and a new turn of the assistant begins
  closed,     // it is closed, and nothing begins
};

// Of endpoints whose answers may be kept, and gone on from by later requests: what is kept with the answer beside its
// own text. The JSON texts are the dialect's own business.
struct KeptRequest {
  bool keeps = false;                  // the answer is to be kept under its id
  std::vector<std::string> from = {};  // ids of kept answers that this request needs: Endpoint::resume takes them
  std::string fields = {};             // an object: what the answer repeats of the request
  std::string items = {};              // an array: the whole conversation that is answered
};

// What is filled in between two texts.
struct FillIn {
  struct File {
    std::string name;
    std::string text;
  };
  TextPrompt before = {};
  TextPrompt after = {};
  std::vector<File> other_files = {};
  bool names_files = false;  // the model is told of a repository and its files, where it knows of such
};

// What an answer says beside its text, where the dialect can say it.
struct Reported {
  bool prompt = false;                   // the text of what the engine continued
  bool tokens = false;                   // the answer's ids
  bool timings_per_token = false;        // with every piece, not with the last alone
  std::vector<std::string> fields = {};  // of the whole answer, by paths with '/'; empty: all
};

struct GenerationCall {
  std::string model = {};                      // empty: the server's choice
  std::string prompt = {};                     // generate, completions
  std::vector<TokenId> prompt_tokens = {};     // completions given as ids; `prompt` is empty then
  std::vector<TextPrompt> prompt_pieces = {};  // texts and ids in turn; the two above are empty then
  std::vector<TextPrompt> more_prompts = {};   // completions: after the first
  int32_t choices = 1;                         // answers to each prompt
  int32_t best_of = 1;                         // of so many that are made, the likeliest: at least `choices`
  std::optional<VectorForm> vector = {};       // set: the answer is the vector of each prompt, and nothing is generated
  std::optional<FillIn> fill_in = {};          // generate, completions; where the prompt is what comes before the gap
  std::string system = {};                     // generate
  std::string template_text = {};              // generate: a Go template in place of the model's own
  bool raw = false;                            // no template around the prompt
  std::vector<TokenId> context = {};           // generate: ids that come before the prompt
  std::vector<Message> messages = {};          // chat
  LastTurn last_turn = LastTurn::automatic;    // chat
  GenerationOptions options = {};
  bool stream = true;
  bool returns_context = false;                  // Ollama: the final message carries all token ids
  bool include_usage = false;                    // OpenAI streams: one more chunk with the counts
  bool truncate = true;                          // an over-long prompt is shortened, not refused
  std::optional<bool> shift = {};                // a full context is no end, as Request::shift_keep; none: the server's
  std::optional<int64_t> keep_alive_ns = {};     // none: the server's default; keep_alive_forever
  int32_t logprobs_top_n = -1;                   // as Request::logprobs_top_n
  bool echo = false;                             // completions: the prompt comes before its answer, logprobs as well
  int32_t prompt_logprobs_top_n = -1;            // as Request's, beside the answer
  std::optional<uint8_t> priority = {};          // none: from the header, else 3
  std::string service_tier = {};                 // OpenAI: the tier that serves it, when one was asked for
  std::string user = {};                         // the client's name for itself
  std::string cache_salt = {};                   // KV is shared only with requests of the same salt
  std::optional<int64_t> deadline_ms = {};       // for all of it, from its arrival
  std::optional<int64_t> queue_timeout_ms = {};  // for its wait until something of it is computed
  std::vector<std::string> given_options = {};   // by their native names: the model's own do not count
  std::vector<Message> turns_before = {};        // generate: stored with the model, before the prompt
  std::vector<std::string> unknown_fields = {};  // that ask for something, and options; for the log
  std::vector<Tool> tools = {};
  ToolChoice tool_choice = {};
  bool parallel_calls = true;                       // an answer may have several calls
  std::optional<ThinkRequest> think = {};           // none: as the model's template has it
  std::optional<int32_t> thinking_tokens_max = {};  // then the thinking is closed by force
  bool shows_thinking = true;                       // else the answer says only that there was some
  std::optional<constraint::Spec> constraint = {};  // of the answer without its thinking and calls
  std::string constraint_field = {};                // which said so
  std::string template_variables = {};              // a JSON object: further ones for the template; empty: none
  KeptRequest kept = {};
  Reported reported = {};
  bool renders_only = false;                       // the answer is the prompt as the model would see it
  std::vector<std::string> preserved_tokens = {};  // control tokens that are text in this answer, by their names
  std::optional<int64_t> generate_ms_max = {};     // as Request::generate_ns_max

  // Nothing is asked. Where the endpoint has an answer for that, the call loads its model, or unloads it with
  // keep_alive 0.
  bool empty() const {
    if (vector) return !vector->has_input;
    return prompt.empty() && prompt_tokens.empty() && prompt_pieces.empty() && messages.empty();
  }
  // Answers that are made to each prompt.
  int32_t made() const { return std::max(choices, best_of); }
  // What the engine is asked for: what the answer shows beside its text, and what it shows before that.
  int32_t computed_prompt_logprobs() const { return std::max(prompt_logprobs_top_n, echo ? logprobs_top_n : -1); }
};

}  // namespace quire::api
