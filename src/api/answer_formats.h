// The two formats behind make_answer_writer.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "api/answer.h"

namespace quire::api {

std::unique_ptr<AnswerWriter> make_ollama_writer(AnswerHead head);
std::unique_ptr<AnswerWriter> make_openai_writer(AnswerHead head);

// {"token", "logprob", "bytes", "top_logprobs"}: the form that Ollama and OpenAI's chat share.
nlohmann::ordered_json logprob_object(const PositionLogprobs& position);

}  // namespace quire::api
