// /rerank: how well each of some documents answers a query.
#pragma once

#include <memory>
#include <string_view>

#include "api/answer.h"
#include "api/call.h"
#include "api/error.h"

namespace quire::api::llama_server {

// "query" with "documents", or with "texts" as text-embeddings-inference has it, whose answer is a bare array.
ApiResult<GenerationCall> parse_rerank(std::string_view body);
std::unique_ptr<AnswerWriter> make_rerank_writer(AnswerHead head);

}  // namespace quire::api::llama_server
