// A conversation as chat templates see it.
#pragma once

#include <cstdint>
#include <span>

#include "api/call.h"
#include "text/chat_template.h"

namespace quire::api {

ChatTemplateInput chat_input(std::span<const Message> messages, int64_t now_unix_s);

}  // namespace quire::api
