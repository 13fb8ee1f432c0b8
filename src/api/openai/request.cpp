#include "api/openai/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/fields.h"
#include "api/json_text.h"
#include "api/options.h"
#include "api/request_parts.h"
#include "api/shape.h"
#include "api/tools.h"

namespace quire::api::openai {
namespace {

struct ServiceTier {
  std::string_view name;
  uint8_t priority;
};
constexpr ServiceTier service_tiers[] = {{"priority", 1}, {"default", 3}, {"flex", 6}};

ApiResult<void> read_max_tokens(const Fields& fields, GenerationCall& call) {
  // -1 and -2 as num_predict has them: until the context is full.
  QUIRE_TRY(std::optional<int64_t> most, fields.integer("max_completion_tokens", -2, INT32_MAX));
  if (!most) {
    QUIRE_TRY(most, fields.integer("max_tokens", -2, INT32_MAX));
  }
  if (most) call.options.num_predict = static_cast<int32_t>(*most);
  if (most) call.given_options.emplace_back("num_predict");
  return {};
}

// The two fields that vLLM and transformers have for it; what they refuse is refused.
ApiResult<void> read_last_turn(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<bool> goes_on, fields.boolean("continue_final_message"));
  QUIRE_TRY(const std::optional<bool> begins, fields.boolean("add_generation_prompt"));
  if (goes_on.value_or(false)) {
    if (begins.value_or(false)) {
      return refuse(400, "\"continue_final_message\" and \"add_generation_prompt\" cannot both be true",
                    "continue_final_message");
    }
    call.last_turn = LastTurn::open;
  } else if (begins) {
    call.last_turn = *begins ? LastTurn::answered : LastTurn::closed;
  } else if (goes_on) {
    call.last_turn = LastTurn::answered;
  }
  return {};
}

ApiResult<void> read_stream_options(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> options, fields.object("stream_options"));
  if (!options) return {};
  QUIRE_TRY(call.include_usage, options->boolean_or("include_usage", false));
  options->collect_unread(call.unknown_fields);
  return {};
}

// Fields of OpenAI's that are not served. vLLM has those of a chat in completions too.
ApiResult<void> refuse_what_is_not_served(const Fields& fields) {
  QUIRE_TRY_VOID(fields.refuse_set({"functions", "audio", "prediction", "web_search_options"}));
  QUIRE_TRY_VOID(fields.refuse_unless("function_call", {"none", "auto"}));
  QUIRE_TRY_VOID(fields.refuse_unless("modalities", {nlohmann::json::array({"text"})}));
  // Of tools, of caches and accounts at OpenAI's, and notes of the client's own.
  fields.pass_over({"metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier"});
  // Of llama.cpp's server: thinking is always apart.
  return fields.refuse_unless("reasoning_format", {"auto", "deepseek"});
}

ApiResult<void> read_choices(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<int64_t> count, fields.integer("n", 1, choices_max));
  call.choices = static_cast<int32_t>(count.value_or(1));
  QUIRE_TRY(const std::optional<int64_t> best_of, fields.integer("best_of", 1, choices_max));
  call.best_of = static_cast<int32_t>(best_of.value_or(call.choices));
  if (call.best_of < call.choices) {
    return refuse(400,
                  fmt::format("\"best_of\" must be at least \"n\", which is {}, got {}", call.choices, call.best_of),
                  "best_of");
  }
  if (call.stream && call.best_of > call.choices) {
    return refuse(400, "\"best_of\" above \"n\" cannot be streamed: which are the best is known at the end", "best_of");
  }
  return {};
}

// vLLM's, of a chat too.
ApiResult<void> read_prompt_logprobs(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<int64_t> top, fields.integer("prompt_logprobs", 0, logprobs_top_max));
  if (top) call.prompt_logprobs_top_n = static_cast<int32_t>(*top);
  return {};
}

ApiResult<void> read_openai(const Fields& fields, GenerationCall& call) {
  call.stream = false;
  QUIRE_TRY(call.model, fields.text_or("model", ""));
  QUIRE_TRY_VOID(read_common(fields, call));
  QUIRE_TRY_VOID(refuse_what_others_serve(fields));
  QUIRE_TRY_VOID(read_llama_server(fields, call));
  QUIRE_TRY_VOID(refuse_what_is_not_served(fields));
  QUIRE_TRY_VOID(read_sampling(fields, call));
  QUIRE_TRY_VOID(read_max_tokens(fields, call));
  QUIRE_TRY_VOID(read_response_format(fields, call));
  QUIRE_TRY_VOID(read_reasoning(fields, call));
  QUIRE_TRY_VOID(check_min_tokens(call));
  QUIRE_TRY_VOID(read_service_tier(fields, call));
  QUIRE_TRY_VOID(read_stream_options(fields, call));
  QUIRE_TRY_VOID(read_prompt_logprobs(fields, call));
  return read_choices(fields, call);
}

// One prompt: a string or token ids.
ApiResult<TextPrompt> read_prompt(const std::string& name, const nlohmann::json& value) {
  TextPrompt prompt;
  if (value.is_string()) {
    prompt.text = value.get<std::string>();
  } else if (value.is_array() && !value.empty()) {
    QUIRE_TRY(prompt.tokens, read_token_ids(value, name));
  } else {
    return refuse(400, fmt::format("\"{}\" must be a string or an array of token ids, or an array of these", name),
                  name);
  }
  return prompt;
}

}  // namespace

ApiResult<size_t> read_prompts(const Fields& fields, const std::string& name, size_t count_max, GenerationCall& call) {
  const nlohmann::json* value = fields.find(name);
  if (value == nullptr) return fields.missing(name);
  const bool several = value->is_array() && !value->empty() && !value->front().is_number();
  const size_t count = several ? value->size() : 1;
  if (count > count_max) return count;
  std::vector<TextPrompt> prompts;
  for (size_t index = 0; index < count; ++index) {
    QUIRE_TRY(TextPrompt prompt, read_prompt(name, several ? (*value)[index] : *value));
    prompts.push_back(std::move(prompt));
  }
  set_prompts(std::move(prompts), call);
  return count;
}

ApiResult<void> read_sampling(const Fields& fields, GenerationCall& call) {
  call.options.sampling.temperature = 1.0F;
  call.options.sampling.top_p = 1.0F;
  call.options.sampling.top_k = 0;
  return read_flat_options(fields, call);
}

ApiResult<void> read_service_tier(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(std::string tier, fields.text_or("service_tier", ""));
  if (tier.empty()) return {};
  if (tier == "auto") tier = "default";  // what is chosen for it, and said in the answer
  const auto known = std::ranges::find(service_tiers, tier, &ServiceTier::name);
  if (known == std::end(service_tiers)) {
    return refuse(400, fmt::format("\"service_tier\" must be auto, default, flex or priority, got \"{}\"", tier),
                  "service_tier");
  }
  if (!call.priority) call.priority = known->priority;
  call.service_tier = std::move(tier);
  return {};
}

ApiResult<GenerationCall> parse_completions(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json, {}, body);
  GenerationCall call{.raw = true, .truncate = false};
  QUIRE_TRY_VOID(read_openai(fields, call));
  QUIRE_TRY_VOID(fields.refuse_set({"tools"}));
  const nlohmann::json* logprobs = fields.find("logprobs");
  if (logprobs != nullptr && !(logprobs->is_boolean() && !logprobs->get<bool>())) {
    QUIRE_TRY(const std::optional<int64_t> top, fields.integer("logprobs", 0, logprobs_top_max));
    call.logprobs_top_n = static_cast<int32_t>(top.value_or(0));
  }
  QUIRE_TRY(call.echo, fields.boolean_or("echo", false));
  const auto prompts_max = static_cast<size_t>(choices_max / call.best_of);
  QUIRE_TRY(const size_t prompts, read_prompts(fields, "prompt", prompts_max, call));
  if (prompts > prompts_max) {
    const char* name = call.best_of > call.choices ? "best_of" : "n";
    return refuse(400,
                  fmt::format("\"{}\" times the number of prompts must be at most {}, got {}", name, choices_max,
                              static_cast<size_t>(call.best_of) * prompts),
                  name);
  }
  QUIRE_TRY_VOID(read_suffix(fields, call));
  if (call.fill_in && !call.more_prompts.empty()) {
    return refuse(400, "\"suffix\" belongs to one prompt, got several", "suffix");
  }
  if (call.fill_in && call.echo) {
    return refuse(400, "\"echo\" and \"suffix\" cannot both be asked for: the answer is between two texts", "echo");
  }
  fields.collect_unread(call.unknown_fields);
  return call;
}

ApiResult<GenerationCall> parse_chat_completions(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json, {}, body);
  GenerationCall call;
  QUIRE_TRY_VOID(read_openai(fields, call));
  QUIRE_TRY_VOID(read_logprobs(fields, call));
  QUIRE_TRY_VOID(fields.refuse_set({"echo"}));
  QUIRE_TRY(call.truncate, fields.boolean_or("truncate", false));
  const nlohmann::json* messages = fields.find("messages");
  if (messages == nullptr) return refuse(400, "\"messages\" is required", "messages");
  QUIRE_TRY(call.messages, read_messages(*messages, fields.text_of("messages"), call.unknown_fields));
  if (call.messages.empty()) return refuse(400, "\"messages\" must not be empty", "messages");
  QUIRE_TRY_VOID(read_last_turn(fields, call));
  QUIRE_TRY_VOID(read_tools(fields, call));
  QUIRE_TRY_VOID(read_tool_choice(fields, call));
  fields.collect_unread(call.unknown_fields);
  return call;
}

}  // namespace quire::api::openai
