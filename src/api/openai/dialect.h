// OpenAI's chat and text completions: server-sent events below /v1/.
#pragma once

#include "api/dialect.h"

namespace quire::api::openai {

extern const Endpoint completions;       // /v1/completions
extern const Endpoint chat_completions;  // /v1/chat/completions
extern const Endpoint embeddings;        // /v1/embeddings
extern const Dialect dialect;

}  // namespace quire::api::openai
