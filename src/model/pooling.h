// How a model's file says that a prompt's rows become one vector.
#pragma once

#include "base/result.h"
#include "core/request.h"
#include "gguf/metadata.h"

namespace quire {

// By ARCHITECTURE.pooling_type (llama.cpp's numbers); the last row where there is none: only it has seen the whole
// prompt. Kinds that need another forward pass (the first row of an encoder, a rank, a vector a token) are an error.
Result<Pooling> read_pooling(const gguf::Metadata& metadata);

}  // namespace quire
