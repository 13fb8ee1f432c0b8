// Vectors of texts in llama.cpp's own form: /embedding.
#pragma once

#include <memory>
#include <string_view>

#include "api/answer.h"
#include "api/call.h"
#include "api/error.h"

namespace quire::api::llama_server {

// `content`, or `input`, and `embd_normalize`. OpenAI's other forms of a vector are refused: this answer has one form.
ApiResult<GenerationCall> parse_embedding(std::string_view body);
// [{"index": 0, "embedding": [[0.1, ...]]}]: for each text the one vector that its tokens make together.
std::unique_ptr<AnswerWriter> make_embedding_writer(AnswerHead head);

}  // namespace quire::api::llama_server
