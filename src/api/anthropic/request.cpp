#include "api/anthropic/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "api/anthropic/conversation.h"
#include "api/fields.h"
#include "api/json_text.h"
#include "api/openai/request.h"
#include "api/options.h"
#include "api/request_parts.h"
#include "api/shape.h"
#include "api/tools.h"

namespace quire::api::anthropic {
namespace {

// Anthropic's fields that are not served, and those of others that would ask for an answer of another form.
ApiResult<void> refuse_what_is_not_served(const Fields& fields) {
  QUIRE_TRY_VOID(fields.refuse_set({"container", "mcp_servers", "compaction", "response_format", "format", "functions",
                                    "logprobs", "prompt_logprobs"}));
  if (auto threadless = fields.refuse_set({"thread"}); !threadless) {
    // The word at which Anthropic's packages send the whole conversation instead, as their tool runners always can.
    threadless.error().reason = "thread_unsupported_request";
    return threadless;
  }
  QUIRE_TRY_VOID(fields.refuse_unless("n", {1}));
  // Prompts are cached anyway; the others are of the places, accounts and ways out of Anthropic's own service.
  fields.pass_over({"cache_control", "inference_geo", "speed", "diagnostics", "betas", "anthropic_beta",
                    "anthropic_version", "user_profile_id", "workspace_id", "billing_policy", "fallbacks",
                    "fallback_credit_token"});
  return {};
}

ApiResult<void> read_limits(const Fields& fields, bool counts_only, GenerationCall& call) {
  QUIRE_TRY(const std::optional<int64_t> most, fields.integer("max_tokens", 0, INT32_MAX));
  if (!most && !counts_only) return fields.missing("max_tokens");
  if (most) {
    call.options.num_predict = static_cast<int32_t>(*most);
    call.given_options.emplace_back("num_predict");
  }
  QUIRE_TRY(std::vector<std::string> stop, fields.texts("stop_sequences", stop_strings_max));
  if (stop.empty()) return {};
  call.options.stop = std::move(stop);
  call.given_options.emplace_back("stop");
  return {};
}

ApiResult<void> read_account(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> metadata, fields.object("metadata"));
  if (metadata) {
    QUIRE_TRY(std::string user, metadata->text_or("user_id", ""));
    if (call.user.empty()) call.user = std::move(user);
    metadata->collect_unread(call.unknown_fields);
  }
  QUIRE_TRY(const std::string tier, fields.text_or("service_tier", ""));
  if (tier.empty()) return {};
  if (tier != "auto" && tier != "standard_only")
    return fields.wrong_word("service_tier", "auto or standard_only", tier);
  call.service_tier = "standard";
  return {};
}

ApiResult<void> read_output_format(const Fields& fields, std::string_view name, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> format, fields.object(name));
  if (!format) return {};
  QUIRE_TRY(const std::string type, format->text_or("type", ""));
  if (type != "json_schema") return format->wrong_word("type", "json_schema", type);
  if (format->find("schema") == nullptr) return format->missing("schema");
  QUIRE_TRY_VOID(read_schema(*format, "schema", call));
  format->pass_over({"name", "strict"});  // every answer is held to its schema
  format->collect_unread(call.unknown_fields);
  return {};
}

ApiResult<void> read_output_config(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> config, fields.object("output_config"));
  if (config) {
    QUIRE_TRY_VOID(read_effort(*config, "effort", call));
    QUIRE_TRY_VOID(read_output_format(*config, "format", call));
    QUIRE_TRY_VOID(config->refuse_set({"task_budget"}));
    config->collect_unread(call.unknown_fields);
  }
  return read_output_format(fields, "output_format", call);
}

// REQUIRES: output_config was read, which may say how much.
ApiResult<void> read_thinking(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> thinking, fields.object("thinking"));
  if (!thinking) return {};
  QUIRE_TRY(const std::string type, thinking->text_or("type", ""));
  if (type != "enabled" && type != "disabled" && type != "adaptive") {
    return thinking->wrong_word("type", "enabled, disabled or adaptive", type);
  }
  QUIRE_TRY(const std::optional<int64_t> budget, thinking->integer("budget_tokens", 1, INT32_MAX));
  QUIRE_TRY(const std::string display, thinking->text_or("display", "summarized"));
  if (display != "summarized" && display != "omitted") {
    return thinking->wrong_word("display", "summarized or omitted", display);
  }
  call.shows_thinking = display == "summarized";
  if (type == "disabled") {
    call.think = ThinkRequest{.enabled = false, .level = {}};
  } else {
    call.think = ThinkRequest{.enabled = true, .level = call.think ? call.think->level : std::string()};
    if (budget) call.thinking_tokens_max = static_cast<int32_t>(*budget);
  }
  thinking->collect_unread(call.unknown_fields);
  return {};
}

// What is to go from a long conversation before the model sees it. Which thinking stays is for the template to say;
// what else would go has to be there, or the answer is one to something else.
ApiResult<void> read_context_management(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> management, fields.object("context_management"));
  if (!management) return {};
  QUIRE_TRY(const std::vector<Fields> edits, management->objects("edits"));
  for (const Fields& edit : edits) {
    QUIRE_TRY(const std::string type, edit.text_or("type", ""));
    if (!type.starts_with("clear_thinking_")) return refuse_unsupported(edit.path(type.empty() ? "type" : type));
    edit.pass_over({"keep"});
    edit.collect_unread(call.unknown_fields);
  }
  management->collect_unread(call.unknown_fields);
  return {};
}

// Tools that are deferred are not shown to the model before a search has found them: a result refers to them then.
// `loaded` is sorted: a body has room for hundreds of thousands of references.
ApiResult<void> collect_tools(const Fields& fields, std::span<const std::string> loaded, GenerationCall& call) {
  QUIRE_TRY(const std::vector<Fields> tools, tool_entries(fields, {"custom"}));
  for (const Fields& entry : tools) {
    QUIRE_TRY(Tool tool, read_function(entry, "input_schema"));
    if (tool.parameters.empty()) return entry.missing("input_schema");
    QUIRE_TRY_VOID(entry.refuse_set({"input_examples"}));
    QUIRE_TRY(const bool deferred, entry.boolean_or("defer_loading", false));
    QUIRE_TRY_VOID(entry.refuse_unless("allowed_callers", {nlohmann::json::array({"direct"})}));
    entry.pass_over({"cache_control", "eager_input_streaming"});  // what is certain is sent at once
    entry.collect_unread(call.unknown_fields);
    if (!deferred || std::ranges::binary_search(loaded, tool.name)) call.tools.push_back(std::move(tool));
  }
  return {};
}

// REQUIRES: call.tools was read.
ApiResult<void> choose_tools(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> choice, fields.object("tool_choice"));
  if (!choice) return {};
  QUIRE_TRY(const std::string type, choice->text_or("type", ""));
  QUIRE_TRY(const bool one, choice->boolean_or("disable_parallel_tool_use", false));
  call.parallel_calls = !one;
  if (type == "none") {
    call.tool_choice.mode = ToolMode::none;
  } else if (type == "any") {
    QUIRE_TRY_VOID(require_call({}, "tool_choice", call));
  } else if (type == "tool") {
    QUIRE_TRY(const std::string name, choice->text_or("name", ""));
    QUIRE_TRY_VOID(check_is_tool(name, "tool_choice.name", call));
    QUIRE_TRY_VOID(require_call(name, "tool_choice.name", call));
  } else if (type != "auto") {
    return choice->wrong_word("type", "auto, any, tool or none", type);
  }
  choice->collect_unread(call.unknown_fields);
  return {};
}

ApiResult<GenerationCall> parse(std::string_view body, bool counts_only) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json, {}, body);
  GenerationCall call;
  call.stream = false;
  QUIRE_TRY(call.model, read_model(fields));
  QUIRE_TRY_VOID(refuse_what_is_not_served(fields));
  QUIRE_TRY_VOID(read_common(fields, call));
  QUIRE_TRY_VOID(refuse_what_others_serve(fields));
  QUIRE_TRY_VOID(openai::read_sampling(fields, call));
  QUIRE_TRY_VOID(read_limits(fields, counts_only, call));
  QUIRE_TRY_VOID(read_account(fields, call));
  QUIRE_TRY_VOID(read_reasoning(fields, call));
  QUIRE_TRY_VOID(read_output_config(fields, call));
  QUIRE_TRY_VOID(read_thinking(fields, call));
  QUIRE_TRY_VOID(read_context_management(fields, call));
  QUIRE_TRY(call.truncate, fields.boolean_or("truncate", false));
  Noted noted{.unknown = call.unknown_fields};
  QUIRE_TRY(call.messages, read_conversation(fields, noted));
  std::ranges::sort(noted.loaded_tools);
  QUIRE_TRY_VOID(collect_tools(fields, noted.loaded_tools, call));
  QUIRE_TRY_VOID(choose_tools(fields, call));
  fields.collect_unread(call.unknown_fields);
  return call;
}

}  // namespace

ApiResult<GenerationCall> parse_messages(std::string_view body) { return parse(body, false); }

ApiResult<GenerationCall> parse_count_tokens(std::string_view body) { return parse(body, true); }

}  // namespace quire::api::anthropic
