// A conversation as chat templates see it.
#pragma once

#include <cstdint>
#include <span>

#include "api/call.h"
#include "text/chat_template.h"

namespace quire::api {

// The messages with the tools that they may call, what the call says of thinking, and further variables of the
// client's.
ChatTemplateInput chat_input(std::span<const Message> messages, const GenerationCall& call, int64_t now_unix_s);

}  // namespace quire::api
