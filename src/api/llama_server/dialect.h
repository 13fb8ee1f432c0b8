// llama.cpp's server's own API: server-sent events at the root.
#pragma once

#include "api/dialect.h"

namespace quire::api::llama_server {

extern const Endpoint completion;      // /completion
extern const Endpoint completions;     // /completions
extern const Endpoint infill;          // /infill
extern const Endpoint apply_template;  // /apply-template
extern const Endpoint embedding;       // /embedding
extern const Endpoint embeddings;      // /embeddings
extern const Dialect dialect;

}  // namespace quire::api::llama_server
