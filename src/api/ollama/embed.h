// Vectors of texts in Ollama's form: /api/embed, and /api/embeddings, which came before it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/answer.h"
#include "api/call.h"
#include "api/error.h"

namespace quire::api::ollama {

ApiResult<GenerationCall> parse_embed(std::string_view body);
ApiResult<GenerationCall> parse_embeddings(std::string_view body);

std::unique_ptr<AnswerWriter> make_embed_writer(AnswerHead head);
std::unique_ptr<AnswerWriter> make_embeddings_writer(AnswerHead head);

// The answers to a request without an input, which loads its model or unloads it.
std::string embed_load_answer(const std::string& model, std::string_view done_reason, int64_t unix_ns,
                              const AnswerTimes& times);
std::string embeddings_load_answer(const std::string& model, std::string_view done_reason, int64_t unix_ns,
                                   const AnswerTimes& times);

}  // namespace quire::api::ollama
