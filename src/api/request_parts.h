// Fields that endpoints of several dialects share.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/error.h"
#include "api/fields.h"

namespace quire::api {

// `model`, required.
ApiResult<std::string> read_model(const Fields& fields);
// `model`, else `name`, which older clients of Ollama send; one of them is required.
ApiResult<std::string> read_model_or_name(const Fields& fields);
// `keep_alive`: a duration or a number of seconds; negative is keep_alive_forever.
ApiResult<std::optional<int64_t>> read_keep_alive(const Fields& fields);
// Where a request stands in the queue, how long it may take, and with whom it shares: priority, user, cache_salt,
// deadline_ms, queue_timeout_ms.
ApiResult<void> read_scheduling(const Fields& fields, GenerationCall& call);
// Fields that every generating endpoint takes beside its own: stream, ignore_eos, cache_prompt, keep_alive, and what
// read_scheduling reads.
ApiResult<void> read_common(const Fields& fields, GenerationCall& call);
// What vLLM's and llama.cpp's servers have and an answer would be of another form or length without is refused by name.
ApiResult<void> refuse_what_others_serve(const Fields& fields);
// The native options at the top level, where OpenAI, llama.cpp's server and vLLM have them, with the names that these
// have of their own.
ApiResult<void> read_flat_options(const Fields& fields, GenerationCall& call);
// What llama.cpp's server takes on every endpoint that generates: timings_per_token, t_max_predict_ms and others; what
// is about its slots changes nothing here.
ApiResult<void> read_llama_server(const Fields& fields, GenerationCall& call);
// min_tokens must leave room for what num_predict allows.
ApiResult<void> check_min_tokens(const GenerationCall& call);
// What the call asks for: a prompt for each answer. REQUIRES: there is one.
void set_prompts(std::vector<TextPrompt> prompts, GenerationCall& call);
// `suffix`: the prompt is what comes before a gap, this what comes behind it.
ApiResult<void> read_suffix(const Fields& fields, GenerationCall& call);
// `logprobs: bool` with `top_logprobs: 0..20`, as chat endpoints and the native ones have them.
ApiResult<void> read_logprobs(const Fields& fields, GenerationCall& call);
// `messages`: text turns, with calls of tools and their results; images and audio are refused by name. `text` is what
// they were parsed from (empty: not known). Fields that nobody knows are added to `unknown`.
ApiResult<std::vector<Message>> read_messages(const nlohmann::json& messages, std::string_view text,
                                              std::vector<std::string>& unknown);
// An array of token ids (whole numbers that fit one); `name` is for messages.
ApiResult<std::vector<TokenId>> read_token_ids(const nlohmann::json& array, const std::string& name);

}  // namespace quire::api
