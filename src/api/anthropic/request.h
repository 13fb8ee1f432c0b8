// Bodies of Anthropic's Messages API -> what is asked. Pure functions; any thread.
#pragma once

#include <string_view>

#include "api/call.h"
#include "api/error.h"

namespace quire::api::anthropic {

// The defaults are Anthropic's: temperature and top_p 1, top_k off. What other endpoints take beside the messages is
// taken here as well, under the same names: further options, constraints, and what decides about the queue.
ApiResult<GenerationCall> parse_messages(std::string_view body);
// The same without an answer: `max_tokens` need not be there.
ApiResult<GenerationCall> parse_count_tokens(std::string_view body);

}  // namespace quire::api::anthropic
