#include "api/request_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "api/as_written.h"
#include "api/duration.h"
#include "api/json_text.h"
#include "api/options.h"
#include "api/shape.h"
#include "api/tools.h"
#include "base/ascii.h"

namespace quire::api {
namespace {

// The text of a message's content: a string, or parts of type text with a line break between two.
ApiResult<std::string> read_content(const Fields& message, std::vector<std::string>& unknown) {
  const nlohmann::json* content = message.find("content");
  if (content == nullptr) return std::string();
  if (content->is_string()) return content->get<std::string>();
  QUIRE_TRY(const std::vector<Fields> parts, message.objects("content", "a string or an array of parts"));
  std::string result;
  for (const Fields& part : parts) {
    QUIRE_TRY(const std::string type, part.text_or("type", ""));
    if (type != "text") return refuse_unsupported(part.path(type.empty() ? "type" : type));
    QUIRE_TRY(const std::string text, part.text_or("text", ""));
    part.collect_unread(unknown);
    if (&part != &parts.front()) result += '\n';
    result += text;
  }
  return result;
}

// The options that are taken at the top level; read through the same table.
constexpr std::string_view flat_options[] = {
    // OpenAI's
    "temperature", "top_p", "frequency_penalty", "presence_penalty", "seed", "stop", "logit_bias",
    // llama.cpp's and Ollama's
    "top_k", "min_p", "typical_p", "repeat_penalty", "repeat_last_n", "num_ctx", "n_predict", "min_keep", "samplers",
    "top_n_sigma", "dynatemp_range", "dynatemp_exponent", "xtc_probability", "xtc_threshold", "dry_multiplier",
    "dry_base", "dry_allowed_length", "dry_penalty_last_n", "dry_sequence_breakers", "mirostat", "mirostat_tau",
    "mirostat_eta",
    // vLLM's
    "repetition_penalty", "min_tokens", "stop_token_ids", "allowed_token_ids", "bad_words"};

}  // namespace

ApiResult<std::string> read_model(const Fields& fields) {
  QUIRE_TRY(std::string model, fields.text_or("model", ""));
  if (model.empty()) return refuse(400, "model is required", "model");
  return model;
}

ApiResult<std::string> read_model_or_name(const Fields& fields) {
  QUIRE_TRY(std::string name, fields.text_or("name", ""));
  if (name.empty()) return read_model(fields);
  QUIRE_TRY(std::string model, fields.text_or("model", ""));
  return model.empty() ? std::move(name) : std::move(model);
}

ApiResult<std::optional<int64_t>> read_keep_alive(const Fields& fields) {
  const nlohmann::json* value = fields.find("keep_alive");
  if (value == nullptr) return std::nullopt;
  int64_t ns = 0;
  if (value->is_number()) {
    const auto parsed = parse_duration_ns(fmt::format("{:f}", value->get<double>()));
    if (!parsed) return refuse(400, "\"keep_alive\" is not a number of seconds", "keep_alive");
    ns = *parsed;
  } else if (value->is_string()) {
    const auto parsed = parse_duration_ns(value->get_ref<const std::string&>());
    if (!parsed) return refuse(400, fmt::format("\"keep_alive\": {}", parsed.error().message), "keep_alive");
    ns = *parsed;
  } else {
    return refuse(400,
                  fmt::format("\"keep_alive\" must be a duration or a number of seconds, got {}", type_phrase(*value)),
                  "keep_alive");
  }
  return ns < 0 ? keep_alive_forever : ns;
}

ApiResult<void> read_scheduling(const Fields& fields, GenerationCall& call) {
  constexpr int64_t year_ms = int64_t{365} * 24 * 3600 * 1000;
  constexpr size_t salt_bytes_max = 256;
  QUIRE_TRY(const std::optional<int64_t> priority, fields.integer("priority", 0, 7));
  if (priority) call.priority = static_cast<uint8_t>(*priority);
  QUIRE_TRY(call.user, fields.text_or("user", ""));
  QUIRE_TRY(call.cache_salt, fields.text_or("cache_salt", ""));
  if (call.cache_salt.size() > salt_bytes_max) {
    return refuse(
        400, fmt::format("\"cache_salt\" must have at most {} bytes, got {}", salt_bytes_max, call.cache_salt.size()),
        "cache_salt");
  }
  QUIRE_TRY(call.deadline_ms, fields.integer("deadline_ms", 1, year_ms));
  QUIRE_TRY(call.queue_timeout_ms, fields.integer("queue_timeout_ms", 1, year_ms));
  return {};
}

ApiResult<void> read_common(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY_VOID(read_constraints(fields, call));
  QUIRE_TRY(call.stream, fields.boolean_or("stream", call.stream));
  for (const auto& [name, option] :
       {std::pair{"ignore_eos", &call.options.ignore_eos}, std::pair{"cache_prompt", &call.options.cache_prompt}}) {
    QUIRE_TRY(const std::optional<bool> value, fields.boolean(name));
    if (!value) continue;
    *option = *value;
    call.given_options.emplace_back(name);
  }
  QUIRE_TRY(call.keep_alive_ns, read_keep_alive(fields));
  return read_scheduling(fields, call);
}

// An answer that was made without them looks like one that kept to them.
ApiResult<void> refuse_what_others_serve(const Fields& fields) {
  QUIRE_TRY_VOID(fields.refuse_set({"logits_processors", "use_beam_search", "chat_template", "documents", "lora"}));
  QUIRE_TRY_VOID(fields.refuse_unless("n_probs", {0}));
  return fields.refuse_unless("skip_special_tokens", {true});
}

ApiResult<void> read_flat_options(const Fields& fields, GenerationCall& call) {
  nlohmann::json picked = nlohmann::json::object();
  for (const std::string_view name : flat_options) {
    const nlohmann::json* value = fields.find(name);
    if (value == nullptr) continue;
    picked[std::string(name)] = *value;
    call.given_options.emplace_back(native_name(name));
  }
  return apply_options(picked, call.options, call.unknown_fields);
}

ApiResult<void> read_llama_server(const Fields& fields, GenerationCall& call) {
  constexpr int64_t year_ms = int64_t{365} * 24 * 3600 * 1000;
  constexpr size_t preserved_max = 256;
  QUIRE_TRY(call.reported.timings_per_token, fields.boolean_or("timings_per_token", false));
  QUIRE_TRY(const std::optional<int64_t> most_ms, fields.integer("t_max_predict_ms", -1, year_ms));
  if (most_ms && *most_ms > 0) call.generate_ms_max = most_ms;
  QUIRE_TRY(call.preserved_tokens, fields.texts("preserved_tokens", preserved_max));
  QUIRE_TRY_VOID(fields.refuse_set({"return_progress", "post_sampling_probs", "grammar_lazy", "grammar_triggers"}));
  QUIRE_TRY_VOID(fields.refuse_unless("n_indent", {0}));
  QUIRE_TRY(const std::optional<int64_t> kept, fields.integer("n_keep", -1, INT32_MAX));
  if (kept) {
    call.options.num_keep = *kept < 0 ? keep_prompt : static_cast<int32_t>(*kept);
    call.given_options.emplace_back("num_keep");
  }
  // Contexts have no slots, and any of them goes on from any prefix that is there; blocks are never moved to another
  // position; of a full context the newer half stays; a connection without pings stays open.
  fields.pass_over({"id_slot", "n_cache_reuse", "n_discard", "sse_ping_interval"});
  return {};
}

ApiResult<void> check_min_tokens(const GenerationCall& call) {
  const GenerationOptions& options = call.options;
  if (options.num_predict < 0 || options.min_tokens <= options.num_predict) return {};
  return refuse(400,
                fmt::format("\"min_tokens\" must be at most the {} tokens of the answer, got {}", options.num_predict,
                            options.min_tokens),
                "min_tokens");
}

void set_prompts(std::vector<TextPrompt> prompts, GenerationCall& call) {
  TextPrompt& first = prompts.front();
  call.prompt = std::move(first.text);
  call.prompt_tokens = std::move(first.tokens);
  call.prompt_pieces = std::move(first.pieces);
  prompts.erase(prompts.begin());
  call.more_prompts = std::move(prompts);
}

ApiResult<void> read_suffix(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(std::string suffix, fields.text_or("suffix", ""));
  if (suffix.empty()) return {};
  call.fill_in =
      FillIn{.before = {.text = call.prompt, .tokens = call.prompt_tokens}, .after = {.text = std::move(suffix)}};
  return {};
}

ApiResult<void> read_logprobs(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const bool wanted, fields.boolean_or("logprobs", false));
  QUIRE_TRY(const std::optional<int64_t> top, fields.integer("top_logprobs", 0, logprobs_top_max));
  if (top && *top > 0 && !wanted) {
    return refuse(400, "\"top_logprobs\" needs \"logprobs\" to be true", "top_logprobs");
  }
  if (wanted) call.logprobs_top_n = static_cast<int32_t>(top.value_or(0));
  return {};
}

ApiResult<std::vector<Message>> read_messages(const nlohmann::json& messages, std::string_view text,
                                              std::vector<std::string>& unknown) {
  if (!messages.is_array()) {
    return refuse(400, fmt::format("\"messages\" must be an array, got {}", type_phrase(messages)), "messages");
  }
  std::vector<Message> result;
  result.reserve(messages.size());
  const std::vector<std::string_view> texts = element_texts(text);
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string path = fmt::format("messages[{}]", i);
    if (!messages[i].is_object()) {
      return refuse(400, fmt::format("\"{}\" must be an object, got {}", path, type_phrase(messages[i])), path);
    }
    const Fields fields(messages[i], path + ".", texts.size() == messages.size() ? texts[i] : std::string_view());
    QUIRE_TRY_VOID(fields.refuse_set({"images", "audio", "function_call"}));
    Message message;
    QUIRE_TRY(const std::string role, fields.text_or("role", ""));
    message.role = lower_case(role);
    if (message.role.empty()) return refuse(400, fmt::format("\"{}.role\" is required", path), path + ".role");
    QUIRE_TRY(message.content, read_content(fields, unknown));
    for (const char* name : {"thinking", "reasoning_content", "reasoning"}) {  // one model, three servers
      QUIRE_TRY(const std::optional<std::string> thinking, fields.text(name));
      if (thinking && !message.thinking) message.thinking = thinking;
    }
    QUIRE_TRY(message.tool_calls, read_tool_calls(fields, unknown));
    QUIRE_TRY(message.name, fields.text("name"));
    QUIRE_TRY(message.tool_name, fields.text("tool_name"));
    QUIRE_TRY(message.tool_call_id, fields.text("tool_call_id"));
    fields.collect_unread(unknown);
    result.push_back(std::move(message));
  }
  return result;
}

ApiResult<std::vector<TokenId>> read_token_ids(const nlohmann::json& array, const std::string& name) {
  std::vector<TokenId> result;
  result.reserve(array.size());
  for (const nlohmann::json& item : array) {
    const std::optional<int64_t> id = item.is_number() ? whole_number(item) : std::nullopt;
    if (!id || *id < 0 || *id > std::numeric_limits<TokenId>::max()) {
      return refuse(400,
                    fmt::format("\"{}\" must hold token ids, got {}", name,
                                item.is_number() ? item.dump() : std::string(type_phrase(item))),
                    name);
    }
    result.push_back(static_cast<TokenId>(*id));
  }
  return result;
}

}  // namespace quire::api
