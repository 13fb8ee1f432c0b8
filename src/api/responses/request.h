// Bodies of /v1/responses -> what is asked. Pure functions; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/error.h"

namespace quire::api::responses {

// The defaults are those of OpenAI's other endpoints, whose further options are taken as well. The conversation is in
// call.messages, unless call.kept.from names kept answers that it needs; then resume() puts it there.
ApiResult<GenerationCall> parse_responses(std::string_view body);

// Puts what was kept before the request's own items (after its instructions: earlier ones do not count any more), and
// in the place of references. OpenAI's errors for what is not kept.
ApiResult<void> resume(GenerationCall& call, std::span<const std::optional<std::string>> records);

}  // namespace quire::api::responses
