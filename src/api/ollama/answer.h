// Answers of /api/generate and /api/chat.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/answer.h"

namespace quire::api::ollama {

std::unique_ptr<AnswerWriter> make_generate_writer(AnswerHead head);
std::unique_ptr<AnswerWriter> make_chat_writer(AnswerHead head);

// The answer to a request without a prompt: {"done_reason": "load"} or "unload".
std::string generate_load_answer(const std::string& model, std::string_view done_reason, int64_t unix_ns,
                                 const AnswerTimes& times);
std::string chat_load_answer(const std::string& model, std::string_view done_reason, int64_t unix_ns,
                             const AnswerTimes& times);

// The answer to a request that only renders: {"_debug_info": {"rendered_template"}}.
std::string generate_debug_answer(const std::string& model, const std::string& prompt, int64_t unix_ns);
std::string chat_debug_answer(const std::string& model, const std::string& prompt, int64_t unix_ns);

}  // namespace quire::api::ollama
