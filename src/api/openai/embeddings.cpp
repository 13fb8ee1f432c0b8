#include "api/openai/embeddings.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/fields.h"
#include "api/json_text.h"
#include "api/openai/answer.h"
#include "api/openai/request.h"
#include "api/request_parts.h"
#include "api/vectors.h"
#include "base/ascii.h"

namespace quire::api::openai {
namespace {

ApiResult<void> read_form(const Fields& fields, VectorForm& form) {
  QUIRE_TRY(const std::optional<int64_t> dimensions, fields.integer("dimensions", 1, INT32_MAX));
  form.dimensions = static_cast<int32_t>(dimensions.value_or(0));
  QUIRE_TRY(const std::string encoding, fields.text_or("encoding_format", "float"));
  form.base64 = lower_case(encoding) == "base64";
  if (!form.base64 && lower_case(encoding) != "float") {
    return fields.wrong_word("encoding_format", "float or base64", encoding);
  }
  for (const char* name : {"normalize", "use_activation"}) {  // vLLM's, of two of its versions
    QUIRE_TRY(const bool normalizes, fields.boolean_or(name, true));
    if (!normalizes) form.norm = -1;
  }
  QUIRE_TRY(const std::optional<int64_t> norm, fields.integer("embd_normalize", -1, norm_max));
  if (norm) form.norm = static_cast<int32_t>(*norm);
  return {};
}

// vLLM's: a number of tokens to keep of each input, -1 for what the context has room for.
ApiResult<void> read_truncation(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<int64_t> tokens, fields.integer("truncate_prompt_tokens", -1, INT32_MAX));
  call.truncate = tokens.has_value();
  if (tokens == 0) return refuse(400, "\"truncate_prompt_tokens\" must be at least 1, or -1", "truncate_prompt_tokens");
  if (tokens && *tokens > 0) {
    call.options.num_ctx = static_cast<int32_t>(*tokens);
    call.given_options.emplace_back("num_ctx");
  }
  return fields.refuse_unless("truncation_side", {"right"});
}

ApiResult<void> read_scheme(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(call.model, fields.text_or("model", ""));
  QUIRE_TRY_VOID(fields.refuse_set({"stream", "messages", "chat_template", "chat_template_kwargs"}));
  QUIRE_TRY_VOID(fields.refuse_unless("add_special_tokens", {true}));
  QUIRE_TRY_VOID(fields.refuse_unless("embed_dtype", {"float32", "float"}));
  QUIRE_TRY_VOID(fields.refuse_unless("endianness", {"native", "little"}));
  // A client's own name of a request: X-Request-Id is where it counts. Of multimodal models.
  fields.pass_over({"request_id", "mm_processor_kwargs"});
  QUIRE_TRY(call.keep_alive_ns, read_keep_alive(fields));
  return read_scheduling(fields, call);
}

std::string embeddings_body(const AnswerHead& head, const Vectors& vectors, const AnswerTimes&) {
  std::string list;
  for (size_t index = 0; index < vectors.of.size(); ++index) {
    list += fmt::format(R"({}{{"object":"embedding","index":{},"embedding":{}}})", index == 0 ? "" : ",", index,
                        vector_text(vectors.of[index], head.vector.base64));
  }
  return fmt::format(R"({{"object":"list","data":[{}],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{},)"
                     R"("queue_duration":{}}}{}}})",
                     list, json_string(head.model), vectors.stats.prompt_tokens, vectors.stats.prompt_tokens,
                     vectors.stats.queue_ns, head.prompt_truncated ? R"(,"prompt_truncated":true)" : "");
}

}  // namespace

ApiResult<GenerationCall> parse_embeddings(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json);
  GenerationCall call{.raw = true, .stream = false, .truncate = false};
  call.vector = VectorForm{};
  QUIRE_TRY_VOID(read_scheme(fields, call));
  QUIRE_TRY_VOID(read_form(fields, *call.vector));
  QUIRE_TRY_VOID(read_truncation(fields, call));
  QUIRE_TRY(const size_t count, read_prompts(fields, "input", vectors_max, call));
  QUIRE_TRY_VOID(check_vector_count("input", count));
  fields.collect_unread(call.unknown_fields);
  return call;
}

std::unique_ptr<AnswerWriter> make_embeddings_writer(AnswerHead head) {
  static const VectorWords words{.content_type = "application/json", .body = embeddings_body, .error_body = error_body};
  return make_vectors_writer(std::move(head), words);
}

}  // namespace quire::api::openai
