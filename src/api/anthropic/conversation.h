// Anthropic's conversations, made of blocks -> messages as chat templates see them.
#pragma once

#include <vector>

#include "api/call.h"
#include "api/error.h"
#include "api/fields.h"

namespace quire::api::anthropic {

// What a conversation said besides its messages.
struct Noted {
  std::vector<std::string>& unknown;           // fields that nobody knows are added to them
  std::vector<std::string> loaded_tools = {};  // that results refer to: a search has found them
};

// `system` and `messages` of a body. Messages of one role that follow each other are one; a result of a tool is a
// message of its own, and says the name of the tool whose call it answers. Blocks that are no text, thinking, call or
// result are refused by name.
ApiResult<std::vector<Message>> read_conversation(const Fields& body, Noted& noted);

}  // namespace quire::api::anthropic
