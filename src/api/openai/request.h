// Bodies of the OpenAI endpoints -> what is asked. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/error.h"
#include "api/fields.h"

namespace quire::api::openai {

// Unset temperature and top_p are 1.0 here, and top_k is off unless it is given: OpenAI's defaults, not Ollama's.
// The native options without an OpenAI name (top_k, mirostat, min_tokens and the like; those of how a model is loaded
// aside) are taken as extra fields, at the top level, where llama.cpp's server and vLLM have them.
ApiResult<GenerationCall> parse_completions(std::string_view body);
ApiResult<GenerationCall> parse_chat_completions(std::string_view body);

// A prompt or an array of them, each a text or token ids: how many there are. More than count_max are left unread.
ApiResult<size_t> read_prompts(const Fields& fields, const std::string& name, size_t count_max, GenerationCall& call);

// What OpenAI's other endpoints share with these: the sampling options with their defaults, and `service_tier`.
ApiResult<void> read_sampling(const Fields& fields, GenerationCall& call);
ApiResult<void> read_service_tier(const Fields& fields, GenerationCall& call);

}  // namespace quire::api::openai
