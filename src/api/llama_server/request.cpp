#include "api/llama_server/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/fields.h"
#include "api/json_text.h"
#include "api/openai/request.h"
#include "api/options.h"
#include "api/request_parts.h"

namespace quire::api::llama_server {
namespace {

constexpr int64_t probabilities_max = 20;
constexpr size_t response_fields_max = 64;

constexpr std::string_view prompt_forms =
    "a string, an array of token ids and strings, or an array of these; {\"prompt_string\"} is a string too";

std::unexpected<ApiError> refuse_prompt(const std::string& name) {
  return refuse(400, fmt::format("\"{}\" must be {}", name, prompt_forms), name);
}

// Ids and texts in turn.
ApiResult<TextPrompt> read_pieces(const nlohmann::json& array, const std::string& name) {
  TextPrompt prompt;
  for (size_t index = 0; index < array.size();) {
    TextPrompt& piece = prompt.pieces.emplace_back();
    if (array[index].is_string()) {
      piece.text = array[index++].get<std::string>();
      continue;
    }
    nlohmann::json ids = nlohmann::json::array();
    while (index < array.size() && !array[index].is_string()) ids.push_back(array[index++]);
    QUIRE_TRY(piece.tokens, read_token_ids(ids, name));
  }
  return prompt;
}

// A string with media is the prompt of a model that sees.
ApiResult<TextPrompt> read_prompt_object(const nlohmann::json& object, const std::string& name) {
  const Fields fields(object, name + ".");
  QUIRE_TRY_VOID(fields.refuse_set({"multimodal_data"}));
  QUIRE_TRY(std::string text, fields.required_text("prompt_string"));
  QUIRE_TRY_VOID(fields.refuse_unread());
  return TextPrompt{.text = std::move(text)};
}

// One prompt.
ApiResult<TextPrompt> read_prompt(const nlohmann::json& value, const std::string& name) {
  if (value.is_string()) return TextPrompt{.text = value.get<std::string>()};
  if (value.is_object()) return read_prompt_object(value, name);
  if (!value.is_array() || value.empty()) return refuse_prompt(name);
  if (std::ranges::any_of(value, [](const auto& item) { return item.is_string(); })) return read_pieces(value, name);
  TextPrompt prompt;
  QUIRE_TRY(prompt.tokens, read_token_ids(value, name));
  return prompt;
}

// An array with a number in it is one prompt, of strings alone or of arrays it is several.
bool holds_several(const nlohmann::json& value) {
  return value.is_array() && !value.empty() &&
         std::ranges::none_of(value, [](const auto& item) { return item.is_number(); });
}

ApiResult<void> read_prompts(const Fields& fields, GenerationCall& call) {
  const nlohmann::json* value = fields.find("prompt");
  if (value == nullptr) return fields.missing("prompt");
  const bool several = holds_several(*value);
  const size_t count = several ? value->size() : 1;
  if (static_cast<int64_t>(count) * call.choices > choices_max) {
    const char* name = fields.find("n_cmpl") != nullptr ? "n_cmpl" : "n";
    return refuse(400,
                  fmt::format("\"{}\" times the number of prompts must be at most {}, got {}", name, choices_max,
                              static_cast<int64_t>(count) * call.choices),
                  name);
  }
  std::vector<TextPrompt> prompts;
  for (size_t index = 0; index < count; ++index) {
    QUIRE_TRY(TextPrompt prompt,
              several ? read_prompt((*value)[index], fmt::format("prompt[{}]", index)) : read_prompt(*value, "prompt"));
    prompts.push_back(std::move(prompt));
  }
  set_prompts(std::move(prompts), call);
  return {};
}

ApiResult<void> read_choices(const Fields& fields, GenerationCall& call) {
  for (const char* name : {"n", "n_cmpl"}) {
    QUIRE_TRY(const std::optional<int64_t> count, fields.integer(name, 1, choices_max));
    if (count) call.choices = static_cast<int32_t>(*count);
  }
  return {};
}

// Its own name before OpenAI's.
ApiResult<void> read_lengths(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<int64_t> most, fields.integer("max_tokens", -2, INT32_MAX));
  const bool named = std::ranges::find(call.given_options, "num_predict") != call.given_options.end();
  if (most && !named) {
    call.options.num_predict = static_cast<int32_t>(std::max<int64_t>(-1, *most));
    call.given_options.emplace_back("num_predict");
  }
  QUIRE_TRY(const std::optional<int64_t> guesses, fields.integer("speculative.n_max", 0, INT32_MAX));
  if (guesses) call.options.guesses_max = static_cast<int32_t>(*guesses);
  return check_min_tokens(call);
}

ApiResult<void> read_reported(const Fields& fields, GenerationCall& call) {
  call.reported.prompt = true;
  QUIRE_TRY(call.reported.tokens, fields.boolean_or("return_tokens", false));
  QUIRE_TRY(call.reported.fields, fields.texts("response_fields", response_fields_max));
  QUIRE_TRY(const std::optional<int64_t> count, fields.integer("n_probs", 0, probabilities_max));
  if (count && *count > 0) call.logprobs_top_n = static_cast<int32_t>(*count);
  return {};
}

// What is before or behind the gap: a string, or ids and strings.
ApiResult<TextPrompt> read_around(const Fields& fields, const char* name) {
  const nlohmann::json* value = fields.find(name);
  if (value == nullptr) return fields.missing(name);
  if (value->is_array() && value->empty()) return TextPrompt();
  if (value->is_object()) return refuse_type(name, "a string, or an array of token ids and strings", *value);
  return read_prompt(*value, name);
}

// `prompt`: what the answer has begun with.
ApiResult<TextPrompt> read_begun(const Fields& fields) {
  const nlohmann::json* value = fields.find("prompt");
  if (value == nullptr) return TextPrompt();
  if (!value->is_string()) return refuse_type("prompt", "a string", *value);
  return TextPrompt{.text = value->get<std::string>()};
}

ApiResult<std::vector<FillIn::File>> read_files(const Fields& fields) {
  QUIRE_TRY(const std::vector<Fields> entries, fields.objects("input_extra", "an array of {\"filename\", \"text\"}"));
  std::vector<FillIn::File> files;
  for (const Fields& entry : entries) {
    FillIn::File& file = files.emplace_back();
    QUIRE_TRY(file.name, entry.text_or("filename", "tmp"));
    QUIRE_TRY(file.text, entry.required_text("text"));
    QUIRE_TRY_VOID(entry.refuse_unread());
  }
  return files;
}

// Everything but the prompt.
ApiResult<void> read_completion(const Fields& fields, GenerationCall& call) {
  SamplingParams& sampling = call.options.sampling;
  sampling.temperature = 0.8F;
  sampling.top_k = 40;
  sampling.top_p = 0.95F;
  sampling.min_p = 0.05F;
  call.options.num_keep = 0;
  QUIRE_TRY(call.model, fields.text_or("model", ""));
  QUIRE_TRY_VOID(read_common(fields, call));
  QUIRE_TRY_VOID(read_flat_options(fields, call));
  QUIRE_TRY_VOID(read_llama_server(fields, call));
  QUIRE_TRY_VOID(read_lengths(fields, call));
  QUIRE_TRY_VOID(read_choices(fields, call));
  QUIRE_TRY_VOID(read_reported(fields, call));
  return fields.refuse_set({"lora", "image_data", "multimodal_data"});
}

}  // namespace

ApiResult<GenerationCall> parse_completion(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json, {}, body);
  GenerationCall call{.raw = true, .stream = false, .truncate = false};
  QUIRE_TRY_VOID(read_completion(fields, call));
  QUIRE_TRY_VOID(read_prompts(fields, call));
  fields.collect_unread(call.unknown_fields);
  return call;
}

ApiResult<GenerationCall> parse_infill(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json, {}, body);
  // What is farthest from the gap goes where all of it has no room: editors send whole files.
  GenerationCall call{.raw = true, .stream = false, .truncate = true};
  QUIRE_TRY_VOID(read_completion(fields, call));
  FillIn gap{.names_files = true};
  QUIRE_TRY(gap.before, read_around(fields, "input_prefix"));
  QUIRE_TRY(gap.after, read_around(fields, "input_suffix"));
  QUIRE_TRY(TextPrompt begun, read_begun(fields));
  std::vector<TextPrompt> before = std::move(gap.before.pieces);
  if (before.empty()) before.push_back(std::move(gap.before));
  before.push_back(std::move(begun));
  gap.before = TextPrompt{.pieces = std::move(before)};
  QUIRE_TRY(gap.other_files, read_files(fields));
  call.fill_in = std::move(gap);
  fields.collect_unread(call.unknown_fields);
  return call;
}

ApiResult<GenerationCall> parse_apply_template(std::string_view body) {
  QUIRE_TRY(GenerationCall call, openai::parse_chat_completions(body));
  call.renders_only = true;
  return call;
}

ApiResult<TokenizeCall> parse_tokenize(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json);
  TokenizeCall call;
  QUIRE_TRY(call.model, fields.text_or("model", ""));
  if (const nlohmann::json* content = fields.find("content")) {
    const bool empty = content->is_array() && content->empty();
    if (!content->is_string() && !content->is_array()) {
      return refuse_type("content", "a string, or an array of token ids and strings", *content);
    }
    if (!empty) {
      QUIRE_TRY(call.content, read_prompt(*content, "content"));
    }
  }
  QUIRE_TRY(call.add_special, fields.boolean_or("add_special", false));
  QUIRE_TRY(call.parse_special, fields.boolean_or("parse_special", true));
  QUIRE_TRY(call.with_pieces, fields.boolean_or("with_pieces", false));
  QUIRE_TRY_VOID(fields.refuse_unread());
  return call;
}

ApiResult<DetokenizeCall> parse_detokenize(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json);
  DetokenizeCall call;
  QUIRE_TRY(call.model, fields.text_or("model", ""));
  if (const nlohmann::json* tokens = fields.find("tokens")) {
    if (!tokens->is_array()) return refuse_type("tokens", "an array of token ids", *tokens);
    QUIRE_TRY(call.tokens, read_token_ids(*tokens, "tokens"));
  }
  QUIRE_TRY_VOID(fields.refuse_unread());
  return call;
}

}  // namespace quire::api::llama_server
