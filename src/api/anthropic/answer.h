// Answers of /v1/messages.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/answer.h"

namespace quire::api::anthropic {

std::unique_ptr<AnswerWriter> make_messages_writer(AnswerHead head);

// {"input_tokens"}: the answer of /v1/messages/count_tokens.
std::string count_answer(int64_t prompt_tokens);

// {"type": "error", "error": {"type", "message"}}; the type follows from the status.
std::string error_body(const ApiError& error);

}  // namespace quire::api::anthropic
