// Anthropic's Messages API: server-sent events of blocks, below /v1/messages.
#pragma once

#include "api/dialect.h"

namespace quire::api::anthropic {

extern const Endpoint messages;      // /v1/messages
extern const Endpoint count_tokens;  // /v1/messages/count_tokens
extern const Dialect dialect;

}  // namespace quire::api::anthropic
