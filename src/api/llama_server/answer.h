// Answers of /completion, and errors.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/answer.h"

namespace quire::api::llama_server {

std::unique_ptr<AnswerWriter> make_completion_writer(AnswerHead head);

// `generation_settings`: a JSON object.
std::string generation_settings(const GenerationCall& call, uint64_t seed);

// {"prompt": "..."}
std::string prompt_body(const std::string& model, const std::string& prompt, int64_t unix_ns);

// {"error": {"code", "message", "type"}}; where the prompt has no room also "n_prompt_tokens" and "n_ctx".
std::string error_body(const ApiError& error);

}  // namespace quire::api::llama_server
