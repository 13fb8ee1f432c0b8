#include "api/llama_server/embedding.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/fields.h"
#include "api/json_text.h"
#include "api/llama_server/answer.h"
#include "api/openai/request.h"
#include "api/request_parts.h"
#include "api/vectors.h"

namespace quire::api::llama_server {
namespace {

std::string embedding_body(const AnswerHead&, const Vectors& vectors, const AnswerTimes&) {
  std::string list;
  for (size_t index = 0; index < vectors.of.size(); ++index) {
    list += fmt::format(R"({}{{"index":{},"embedding":[{}]}})", index == 0 ? "" : ",", index,
                        vector_text(vectors.of[index], false));
  }
  return fmt::format("[{}]", list);
}

}  // namespace

ApiResult<GenerationCall> parse_embedding(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json);
  GenerationCall call{.raw = true, .stream = false, .truncate = false};
  call.vector = VectorForm{};
  QUIRE_TRY(call.model, fields.text_or("model", ""));
  QUIRE_TRY_VOID(fields.refuse_set({"stream", "image_data", "lora", "dimensions"}));
  QUIRE_TRY_VOID(fields.refuse_unless("encoding_format", {"float"}));
  QUIRE_TRY(const std::optional<int64_t> norm, fields.integer("embd_normalize", -1, norm_max));
  if (norm) call.vector->norm = static_cast<int32_t>(*norm);
  const char* name = fields.find("content") != nullptr ? "content" : "input";
  QUIRE_TRY(const size_t count, openai::read_prompts(fields, name, vectors_max, call));
  QUIRE_TRY_VOID(check_vector_count(name, count));
  QUIRE_TRY(call.keep_alive_ns, read_keep_alive(fields));
  QUIRE_TRY_VOID(read_scheduling(fields, call));
  fields.collect_unread(call.unknown_fields);
  return call;
}

std::unique_ptr<AnswerWriter> make_embedding_writer(AnswerHead head) {
  static const VectorWords words{
      .content_type = "application/json; charset=utf-8", .body = embedding_body, .error_body = error_body};
  return make_vectors_writer(std::move(head), words);
}

}  // namespace quire::api::llama_server
