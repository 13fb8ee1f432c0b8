// Answers of /v1/responses.
#pragma once

#include <memory>

#include "api/answer.h"

namespace quire::api::responses {

std::unique_ptr<AnswerWriter> make_responses_writer(AnswerHead head);

}  // namespace quire::api::responses
