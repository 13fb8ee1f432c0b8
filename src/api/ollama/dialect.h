// Ollama's own API: NDJSON streams below /api/.
#pragma once

#include "api/dialect.h"

namespace quire::api::ollama {

extern const Endpoint generate;    // /api/generate
extern const Endpoint chat;        // /api/chat
extern const Endpoint embed;       // /api/embed
extern const Endpoint embeddings;  // /api/embeddings, which older clients ask
extern const Dialect dialect;

}  // namespace quire::api::ollama
