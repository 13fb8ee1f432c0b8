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

}  // namespace quire::api::ollama
