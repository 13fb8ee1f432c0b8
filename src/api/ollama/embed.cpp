#include "api/ollama/embed.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/fields.h"
#include "api/json_text.h"
#include "api/ollama/dialect.h"
#include "api/ollama/request.h"
#include "api/request_parts.h"
#include "api/vectors.h"

namespace quire::api::ollama {
namespace {

// What both endpoints have beside their texts.
ApiResult<void> read_embedding(const Fields& fields, GenerationCall& call) {
  call.raw = true;
  call.stream = false;
  call.vector = VectorForm{};
  QUIRE_TRY(call.model, read_model(fields));
  QUIRE_TRY_VOID(read_options(fields, call));
  QUIRE_TRY(call.keep_alive_ns, read_keep_alive(fields));
  return read_scheduling(fields, call);
}

// A text or an array of texts. An empty array and an empty text ask for nothing; an empty text in an array is one.
ApiResult<void> read_input(const Fields& fields, GenerationCall& call) {
  const nlohmann::json* input = fields.find("input");
  call.vector->has_input = input != nullptr && *input != "" && *input != nlohmann::json::array();
  if (!call.vector->has_input) return {};
  if (!input->is_array()) {
    if (!input->is_string()) return refuse(400, "invalid input type", "input");
    call.prompt = input->get<std::string>();
    return {};
  }
  QUIRE_TRY_VOID(check_vector_count("input", input->size()));
  std::vector<TextPrompt> prompts;
  for (const nlohmann::json& text : *input) {
    if (!text.is_string()) return refuse(400, "invalid input type", "input");
    prompts.push_back({.text = text.get<std::string>()});
  }
  set_prompts(std::move(prompts), call);
  return {};
}

std::string embed_body(const AnswerHead& head, const Vectors& vectors, const AnswerTimes& times) {
  std::string list;
  for (const std::vector<float>& vector : vectors.of) {
    if (!list.empty()) list += ',';
    list += vector_text(vector, false);
  }
  return fmt::format(R"({{"model":{},"embeddings":[{}],"total_duration":{},"load_duration":{},"queue_duration":{},)"
                     R"("prompt_eval_count":{}{}}})",
                     json_string(head.model), list, times.total_ns, times.load_ns, vectors.stats.queue_ns,
                     vectors.stats.prompt_tokens, head.prompt_truncated ? R"(,"prompt_truncated":true)" : "");
}

std::string embeddings_body(const AnswerHead&, const Vectors& vectors, const AnswerTimes&) {
  return fmt::format(R"({{"embedding":{}}})", vector_text(vectors.of.front(), false));
}

constexpr std::string_view json_type = "application/json; charset=utf-8";

}  // namespace

ApiResult<GenerationCall> parse_embed(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json);
  GenerationCall call;
  QUIRE_TRY_VOID(read_embedding(fields, call));
  QUIRE_TRY_VOID(read_input(fields, call));
  QUIRE_TRY(call.truncate, fields.boolean_or("truncate", true));
  QUIRE_TRY(const std::optional<int64_t> dimensions, fields.integer("dimensions", 0, INT32_MAX));
  call.vector->dimensions = static_cast<int32_t>(dimensions.value_or(0));
  call.vector->or_fewer = true;
  fields.collect_unread(call.unknown_fields);
  return call;
}

ApiResult<GenerationCall> parse_embeddings(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json);
  GenerationCall call{.truncate = false};
  QUIRE_TRY_VOID(read_embedding(fields, call));
  QUIRE_TRY(call.prompt, fields.text_or("prompt", ""));
  call.vector->has_input = !call.prompt.empty();
  fields.collect_unread(call.unknown_fields);
  return call;
}

std::unique_ptr<AnswerWriter> make_embed_writer(AnswerHead head) {
  static const VectorWords words{.content_type = json_type, .body = embed_body, .error_body = dialect.error_body};
  return make_vectors_writer(std::move(head), words);
}

std::unique_ptr<AnswerWriter> make_embeddings_writer(AnswerHead head) {
  static const VectorWords words{.content_type = json_type, .body = embeddings_body, .error_body = dialect.error_body};
  return make_vectors_writer(std::move(head), words);
}

std::string embed_load_answer(const std::string& model, std::string_view, int64_t, const AnswerTimes& times) {
  return fmt::format(R"({{"model":{},"embeddings":[],"total_duration":{},"load_duration":{}}})", json_string(model),
                     times.total_ns, times.load_ns);
}

std::string embeddings_load_answer(const std::string&, std::string_view, int64_t, const AnswerTimes&) {
  return R"({"embedding":[]})";
}

}  // namespace quire::api::ollama
