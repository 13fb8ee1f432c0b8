#include "api/ollama/request.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/fields.h"
#include "api/json_text.h"
#include "api/options.h"
#include "api/request_parts.h"
#include "api/shape.h"
#include "api/tools.h"

namespace quire::api::ollama {
namespace {

// Of the options, those that an answer shows to be missing: at the top level, where other servers have them, they
// would be without effect.
ApiResult<void> refuse_options_outside(const Fields& fields) {
  QUIRE_TRY_VOID(fields.refuse_set({"stop_token_ids", "bad_words", "allowed_token_ids"}));
  QUIRE_TRY_VOID(fields.refuse_unless("min_tokens", {0}));
  QUIRE_TRY_VOID(fields.refuse_unless("n_predict", {-1}));
  return fields.refuse_unless("repetition_penalty", {1});
}

// What /api/generate and /api/chat have in common.
ApiResult<void> read_native(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(call.model, read_model(fields));
  QUIRE_TRY(call.renders_only, fields.boolean_or("_debug_render_only", false));
  QUIRE_TRY_VOID(fields.refuse_set({"prompt_logprobs"}));
  QUIRE_TRY_VOID(read_format(fields, call));
  QUIRE_TRY_VOID(read_think(fields, call));
  QUIRE_TRY_VOID(read_options(fields, call));
  QUIRE_TRY_VOID(check_min_tokens(call));
  QUIRE_TRY_VOID(refuse_options_outside(fields));
  QUIRE_TRY_VOID(read_common(fields, call));
  QUIRE_TRY_VOID(refuse_what_others_serve(fields));
  QUIRE_TRY(call.truncate, fields.boolean_or("truncate", true));
  QUIRE_TRY(call.shift, fields.boolean_or("shift", true));
  return read_logprobs(fields, call);
}

}  // namespace

ApiResult<void> read_options(const Fields& fields, GenerationCall& call) {
  const nlohmann::json* options = fields.find("options");
  if (options == nullptr) return {};
  if (!options->is_object()) return refuse_type("options", "an object", *options);
  for (const auto& [name, value] : options->items()) {
    if (!value.is_null()) call.given_options.emplace_back(native_name(name));
  }
  return apply_options(*options, call.options, call.unknown_fields);
}

ApiResult<GenerationCall> parse_generate(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json, {}, body);
  GenerationCall call;
  QUIRE_TRY_VOID(read_native(fields, call));
  QUIRE_TRY_VOID(fields.refuse_set({"images", "tools"}));
  QUIRE_TRY(call.prompt, fields.text_or("prompt", ""));
  QUIRE_TRY_VOID(read_suffix(fields, call));
  QUIRE_TRY(call.template_text, fields.text_or("template", ""));
  QUIRE_TRY(call.system, fields.text_or("system", ""));
  QUIRE_TRY(call.raw, fields.boolean_or("raw", false));
  if (const nlohmann::json* context = fields.find("context")) {
    if (!context->is_array()) {
      return refuse(400, fmt::format("\"context\" must be an array, got {}", type_phrase(*context)), "context");
    }
    QUIRE_TRY(call.context, read_token_ids(*context, "context"));
  }
  if (call.raw && (!call.template_text.empty() || !call.system.empty() || !call.context.empty())) {
    return refuse(400, "raw mode does not support template, system, or context", "raw");
  }
  call.returns_context = !call.raw;
  fields.collect_unread(call.unknown_fields);
  return call;
}

ApiResult<GenerationCall> parse_chat(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json, {}, body);
  GenerationCall call;
  QUIRE_TRY_VOID(read_native(fields, call));
  if (const nlohmann::json* messages = fields.find("messages")) {
    QUIRE_TRY(call.messages, read_messages(*messages, fields.text_of("messages"), call.unknown_fields));
  }
  QUIRE_TRY_VOID(read_tools(fields, call));
  QUIRE_TRY_VOID(read_tool_choice(fields, call));  // Ollama has none; the AI SDK's provider for it sends OpenAI's
  fields.collect_unread(call.unknown_fields);
  return call;
}

ApiResult<ShowCall> parse_show(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json);
  ShowCall call;
  QUIRE_TRY(call.model, read_model_or_name(fields));
  QUIRE_TRY(call.system, fields.text_or("system", ""));
  QUIRE_TRY(call.template_, fields.text_or("template", ""));
  if (const nlohmann::json* options = fields.find("options")) {
    if (!options->is_object()) {
      return refuse(400, fmt::format("\"options\" must be an object, got {}", type_phrase(*options)), "options");
    }
    call.options = options->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  QUIRE_TRY(call.verbose, fields.boolean_or("verbose", false));
  QUIRE_TRY_VOID(fields.refuse_unread());
  return call;
}

}  // namespace quire::api::ollama
