// Anthropic's conversations, made of blocks -> messages as chat templates see them.
#pragma once

#include <vector>

#include "api/call.h"
#include "api/error.h"
#include "api/fields.h"

namespace quire::api::anthropic {

// `system` and `messages` of a body. Messages of one role that follow each other are one; a result of a tool is a
// message of its own, and says the name of the tool whose call it answers. Blocks that are no text, thinking, call or
// result are refused by name. Fields that nobody knows are added to `unknown`.
ApiResult<std::vector<Message>> read_conversation(const Fields& body, std::vector<std::string>& unknown);

}  // namespace quire::api::anthropic
