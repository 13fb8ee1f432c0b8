// Answers of /v1/completions and /v1/chat/completions.
#pragma once

#include <memory>
#include <string>

#include "api/answer.h"

namespace quire::api::openai {

std::unique_ptr<AnswerWriter> make_completions_writer(AnswerHead head);
std::unique_ptr<AnswerWriter> make_chat_completions_writer(AnswerHead head);

// {"error": {"message", "type", "param", "code"}}; a reason is the code.
std::string error_body(const ApiError& error);

}  // namespace quire::api::openai
