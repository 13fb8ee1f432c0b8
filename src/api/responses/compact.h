// /v1/responses/compact: a conversation in short, made by the model that would go on with it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/answer.h"
#include "api/call.h"
#include "api/error.h"

namespace quire::api::responses {

// The conversation of a body of /v1/responses, and at its end the question for its summary. Nothing is kept or
// streamed.
ApiResult<GenerationCall> parse_compact(std::string_view body);
ApiResult<void> resume_compact(GenerationCall& call, std::span<const std::optional<std::string>> records);

// The user's messages as they are, and one item that stands for the rest.
std::unique_ptr<AnswerWriter> make_compact_writer(AnswerHead head);

}  // namespace quire::api::responses
