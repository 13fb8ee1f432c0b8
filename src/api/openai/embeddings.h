// Vectors of texts in OpenAI's form: /v1/embeddings, with the fields that vLLM and llama.cpp's server add.
#pragma once

#include <memory>
#include <string_view>

#include "api/answer.h"
#include "api/call.h"
#include "api/error.h"

namespace quire::api::openai {

ApiResult<GenerationCall> parse_embeddings(std::string_view body);
std::unique_ptr<AnswerWriter> make_embeddings_writer(AnswerHead head);

}  // namespace quire::api::openai
