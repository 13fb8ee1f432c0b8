// What a request says of the shape of its answer: a constraint, and thinking.
#pragma once

#include <string_view>

#include "api/call.h"
#include "api/error.h"
#include "api/fields.h"

namespace quire::api {

// Ollama's `format`: "json", or a schema.
ApiResult<void> read_format(const Fields& fields, GenerationCall& call);
// OpenAI's `response_format`: text, json_object (also with llama.cpp's `schema`), json_schema.
ApiResult<void> read_response_format(const Fields& fields, GenerationCall& call);
// The same in `text.format` of OpenAI's responses, where a schema stands beside its type.
ApiResult<void> read_text_format(const Fields& text, GenerationCall& call);
// The names of other servers, on every endpoint: vLLM's `structured_outputs` and `guided_*`, llama.cpp's `grammar` and
// `json_schema`, `regex` and `choice`. Two constraints at once are 400.
ApiResult<void> read_constraints(const Fields& fields, GenerationCall& call);

// The schema at `name`: an object, a boolean, or the text of one.
ApiResult<void> read_schema(const Fields& fields, std::string_view name, GenerationCall& call);

// Ollama's `think`: true, false, or a level.
ApiResult<void> read_think(const Fields& fields, GenerationCall& call);
// How much is thought, by a word at `name`: none, minimal, low, medium, high, xhigh or max.
ApiResult<void> read_effort(const Fields& fields, std::string_view name, GenerationCall& call);
// `reasoning_effort`, `reasoning` ({"effort", "enabled", "max_tokens"}) and `chat_template_kwargs`.
ApiResult<void> read_reasoning(const Fields& fields, GenerationCall& call);
// What is in `reasoning`; other fields of it are left to the caller.
ApiResult<void> read_reasoning_object(const Fields& reasoning, GenerationCall& call);
ApiResult<void> read_template_variables(const Fields& fields, GenerationCall& call);

}  // namespace quire::api
