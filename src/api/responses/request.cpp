#include "api/responses/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "api/as_written.h"
#include "api/fields.h"
#include "api/json_text.h"
#include "api/openai/request.h"
#include "api/request_parts.h"
#include "api/responses/items.h"
#include "api/responses/records.h"
#include "api/shape.h"
#include "api/tools.h"

namespace quire::api::responses {
namespace {

using Json = nlohmann::ordered_json;

// What OpenAI does in its own rooms: with files, prompts and conversations that are stored there, in the background.
ApiResult<void> refuse_what_is_not_served(const Fields& fields) {
  QUIRE_TRY_VOID(fields.refuse_set({"background", "background_options", "conversation", "prompt", "context_management",
                                    "moderation", "access_programs", "prompt_logprobs"}));
  // The choice of OpenAI's hardware is no business of an answer; what bounds only tools of OpenAI's bounds nothing
  // here; what a client says of itself, and where it is at work, is for OpenAI's own books.
  fields.pass_over({"max_tool_calls", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "image",
                    "client_metadata"});
  QUIRE_TRY(const std::optional<Fields> caching, fields.object("prompt_cache_options"));
  if (!caching) return {};
  // All of a prompt is cached here, and nobody says for how long. Warming up asks for no answer.
  return caching->refuse_set({"prewarm", "comparison_response_id"});
}

ApiResult<void> read_limits(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<int64_t> most, fields.integer("max_output_tokens", 1, INT32_MAX));
  if (most) {
    call.options.num_predict = static_cast<int32_t>(*most);
    call.given_options.emplace_back("num_predict");
  }
  QUIRE_TRY(const std::string truncation, fields.text_or("truncation", "disabled"));
  if (truncation != "auto" && truncation != "disabled") {
    return fields.wrong_word("truncation", "auto or disabled", truncation);
  }
  call.truncate = truncation == "auto";
  return {};
}

// `include` and `top_logprobs`. Most of what can be included is of tools of OpenAI's, and never there.
ApiResult<void> read_include(const Fields& fields, GenerationCall& call) {
  constexpr std::string_view logprobs = "message.output_text.logprobs";
  constexpr std::array<std::string_view, 8> known = {logprobs,
                                                     "reasoning.encrypted_content",
                                                     "web_search_call.action.sources",
                                                     "web_search_call.results",
                                                     "code_interpreter_call.outputs",
                                                     "computer_call_output.output.image_url",
                                                     "file_search_call.results",
                                                     "message.input_image.image_url"};
  QUIRE_TRY(const std::vector<std::string> wanted, fields.texts("include", 64));
  bool wants_logprobs = false;
  for (const std::string& one : wanted) {
    if (std::ranges::find(known, std::string_view(one)) == known.end()) {
      return refuse(400, fmt::format("\"include\" has \"{}\", which is nothing that can be included", one), "include");
    }
    wants_logprobs = wants_logprobs || one == logprobs;
  }
  QUIRE_TRY(const std::optional<int64_t> top, fields.integer("top_logprobs", 0, 20));
  if (wants_logprobs || top.value_or(0) > 0) call.logprobs_top_n = static_cast<int32_t>(top.value_or(0));
  return {};
}

ApiResult<void> read_text(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> text, fields.object("text"));
  if (!text) return {};
  QUIRE_TRY_VOID(read_text_format(*text, call));
  text->pass_over({"verbosity"});  // open models know no such thing
  text->collect_unread(call.unknown_fields);
  return {};
}

ApiResult<void> read_reasoning_here(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY_VOID(read_template_variables(fields, call));
  QUIRE_TRY(const std::optional<Fields> entry, fields.object("reasoning"));
  if (!entry) return {};
  QUIRE_TRY_VOID(read_reasoning_object(*entry, call));
  for (const char* name : {"summary", "generate_summary"}) {
    QUIRE_TRY(const std::string summary, entry->text_or(name, "auto"));
    constexpr std::array<std::string_view, 4> known = {"auto", "concise", "detailed", "none"};
    if (std::ranges::find(known, std::string_view(summary)) == known.end()) {
      return entry->wrong_word(name, "auto, concise or detailed", summary);
    }
  }
  QUIRE_TRY_VOID(
      entry->refuse_unless("context", {"auto"}));  // which turns' thinking is seen is the template's business
  QUIRE_TRY_VOID(entry->refuse_unless("mode", {"standard"}));
  entry->collect_unread(call.unknown_fields);
  return {};
}

ApiResult<void> read_stream_options(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> options, fields.object("stream_options"));
  if (!options) return {};
  // Random bytes, against who would guess a text from the sizes of its packets; and counts, which are always there.
  options->pass_over({"include_obfuscation", "include_usage"});
  options->collect_unread(call.unknown_fields);
  return {};
}

// 16 pairs of texts, as OpenAI bounds them: they are repeated in the answer.
ApiResult<void> check_metadata(const Fields& fields) {
  constexpr size_t pairs_max = 16;
  constexpr size_t key_bytes_max = 64;
  constexpr size_t value_bytes_max = 512;
  const nlohmann::json* metadata = fields.find("metadata");
  if (metadata == nullptr) return {};
  if (!metadata->is_object()) return refuse_type("metadata", "an object", *metadata);
  bool fits = metadata->size() <= pairs_max;
  for (const auto& [key, value] : metadata->items()) {
    fits = fits && key.size() <= key_bytes_max && value.is_string() &&
           value.get_ref<const std::string&>().size() <= value_bytes_max;
  }
  if (fits) return {};
  return refuse(
      400,
      fmt::format("\"metadata\" must be at most {} pairs of a key of at most {} bytes and a string of at most {}",
                  pairs_max, key_bytes_max, value_bytes_max),
      "metadata");
}

// The flat form: a function's fields beside its type. What the answer repeats of it is added to `asked`.
ApiResult<void> read_flat_tool(const Fields& entry, std::string_view space, GenerationCall& call, Json& asked) {
  QUIRE_TRY_VOID(entry.refuse_set({"defer_loading", "async"}));
  QUIRE_TRY_VOID(entry.refuse_unless("allowed_callers", {nlohmann::json::array({"direct"})}));
  entry.pass_over({"output_schema"});  // of what a program would get
  QUIRE_TRY(Tool tool, read_function(entry));
  entry.collect_unread(call.unknown_fields);
  Json& item = asked.emplace_back(Json{{"type", "function"}, {"name", tool.name}});
  item["description"] = tool.description.empty() ? Json() : Json(tool.description);
  item["parameters"] = tool.parameters.empty() ? Json() : Json::parse(tool.parameters, nullptr, false);
  item["strict"] = tool.strict;
  tool.name = name_for_model(space, tool.name);
  QUIRE_TRY_VOID(check_tool_name(tool.name, entry.path("name")));
  call.tools.push_back(std::move(tool));
  if (call.tools.size() <= tools_max) return {};
  return refuse(400, fmt::format("\"tools\" has more than {} tools", tools_max), "tools");
}

// Functions that have a name together. What they are together is for people: each says what it does.
ApiResult<void> read_namespace(const Fields& entry, GenerationCall& call, Json& asked) {
  QUIRE_TRY(const std::string name, entry.required_text("name"));
  QUIRE_TRY_VOID(check_tool_name(name, entry.path("name")));
  QUIRE_TRY(const std::string description, entry.text_or("description", ""));
  Json tools = Json::array();
  QUIRE_TRY(const std::vector<Fields> functions, tool_entries(entry, {"function"}));
  for (const Fields& function : functions) QUIRE_TRY_VOID(read_flat_tool(function, name, call, tools));
  asked.push_back({{"type", "namespace"}, {"name", name}, {"description", description}, {"tools", std::move(tools)}});
  entry.collect_unread(call.unknown_fields);
  return {};
}

// The tools, and what the answer repeats of them. Searching the web, which OpenAI does and agents offer without being
// asked, is left out, and the log says so: the model may always do without.
ApiResult<Json> read_flat_tools(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::vector<Fields> entries, tool_entries(fields, {"function", "namespace", "web_search"}));
  Json asked = Json::array();
  for (const Fields& entry : entries) {
    QUIRE_TRY(const std::string type, entry.text_or("type", "function"));
    if (type == "function") {
      QUIRE_TRY_VOID(read_flat_tool(entry, {}, call, asked));
    } else if (type == "namespace") {
      QUIRE_TRY_VOID(read_namespace(entry, call, asked));
    } else {
      call.unknown_fields.push_back(entry.path("type") + "=" + type);
      asked.push_back({{"type", type}});
    }
  }
  return asked;
}

// The function that a choice names, which has to be one of the tools.
ApiResult<std::string> chosen_name(const nlohmann::json& choice, const std::string& path, const GenerationCall& call) {
  if (!choice.is_object()) return refuse_type(path, "an object", choice);
  const Fields entry(choice, path + ".");
  QUIRE_TRY(const std::string type, entry.text_or("type", ""));
  if (type != "function") {
    return refuse(400, fmt::format("\"{}.type\": tools of type {} are not served", path, type), path + ".type");
  }
  QUIRE_TRY(const std::string space, entry.text_or("namespace", ""));
  QUIRE_TRY(std::string name, entry.text_or("name", ""));
  name = name_for_model(space, name);
  QUIRE_TRY_VOID(check_is_tool(name, path, call));
  return name;
}

// {"type": "allowed_tools", "mode", "tools"}: the model is shown no others.
ApiResult<void> keep_allowed(const nlohmann::json& choice, GenerationCall& call) {
  const Fields entry(choice, "tool_choice.");
  QUIRE_TRY(const std::string mode, entry.text_or("mode", "auto"));
  const nlohmann::json* allowed = entry.find("tools");
  if (allowed == nullptr || !allowed->is_array() || allowed->size() > call.tools.size()) {
    return refuse(400, "\"tool_choice.tools\" must be an array of some of the tools", "tool_choice.tools");
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < allowed->size(); ++i) {
    QUIRE_TRY(std::string name, chosen_name((*allowed)[i], fmt::format("tool_choice.tools[{}]", i), call));
    names.push_back(std::move(name));
  }
  std::erase_if(call.tools, [&](const Tool& tool) { return std::ranges::find(names, tool.name) == names.end(); });
  return choose_by_word(mode, "auto or required", "tool_choice.mode", call);
}

ApiResult<void> read_choice(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(call.parallel_calls, fields.boolean_or("parallel_tool_calls", true));
  const nlohmann::json* choice = fields.find("tool_choice");
  if (choice == nullptr) return {};
  if (choice->is_string()) {
    return choose_by_word(choice->get_ref<const std::string&>(), "auto, none, required or a function", "tool_choice",
                          call);
  }
  if (choice->is_object() && choice->value("type", nlohmann::json()) == "allowed_tools") {
    return keep_allowed(*choice, call);
  }
  QUIRE_TRY(std::string name, chosen_name(*choice, "tool_choice", call));
  return require_call(std::move(name), "tool_choice", call);
}

// What was asked, as the answer repeats it: fields that were not given have what they mean then, or null.
Json repeated(const Fields& fields, const GenerationCall& call, Json tools) {
  const auto given = [&](const char* name) {
    if (fields.find(name) == nullptr) return Json();
    return Json::parse(fields.as_written(name), nullptr, false);
  };
  const auto given_or = [&](const char* name, Json fallback) {
    Json value = given(name);
    return value.is_null() ? std::move(fallback) : std::move(value);
  };
  Json result;
  for (const char* name : {"instructions", "max_output_tokens", "max_tool_calls"}) result[name] = given(name);
  result["parallel_tool_calls"] = call.parallel_calls;
  for (const char* name : {"previous_response_id", "prompt_cache_key"}) result[name] = given(name);
  result["reasoning"] = {{"effort", nullptr}, {"summary", nullptr}};
  if (Json reasoning = given("reasoning"); reasoning.is_object()) result["reasoning"].update(reasoning);
  result["safety_identifier"] = given("safety_identifier");
  result["service_tier"] = call.service_tier.empty() ? "default" : call.service_tier;
  result["store"] = call.kept.keeps;
  result["temperature"] = given("temperature");
  result["text"] = {{"format", {{"type", "text"}}}, {"verbosity", "medium"}};
  if (Json text = given("text"); text.is_object()) result["text"].update(text);
  result["tool_choice"] = given_or("tool_choice", "auto");
  result["tools"] = std::move(tools);
  result["top_logprobs"] = given_or("top_logprobs", 0);
  result["top_p"] = given("top_p");
  result["truncation"] = call.truncate ? "auto" : "disabled";
  result["user"] = given("user");
  result["metadata"] = given_or("metadata", Json::object());
  return result;
}

// Which kept answers are needed: the one before first, then those of references.
ApiResult<void> collect_needed(const Json& items, const std::string& previous, std::vector<std::string>& from) {
  constexpr size_t answers_max = 256;  // each is a file to be read
  if (!previous.empty()) from.push_back(previous);
  for (const Json& item : items) {
    if (item["type"] != "item_reference") continue;
    std::string answer = answer_of_item(item["id"].get_ref<const std::string&>());
    if (std::ranges::find(from, answer) != from.end()) continue;
    if (from.size() == answers_max) {
      return refuse(400, fmt::format("\"input\" refers to items of more than {} answers", answers_max), "input");
    }
    from.push_back(std::move(answer));
  }
  return {};
}

ApiResult<void> add_messages(const Json& items, GenerationCall& call) {
  QUIRE_TRY(std::vector<Message> messages, messages_of(items));
  std::ranges::move(messages, std::back_inserter(call.messages));
  if (call.messages.empty()) return refuse(400, "\"input\" is required", "input");
  return {};
}

// Puts kept items in the place of references to them.
ApiResult<void> resolve_references(Json& items, const std::map<std::string, Json>& kept) {
  for (Json& item : items) {
    if (item["type"] != "item_reference") continue;
    const auto id = item["id"].get<std::string>();
    const auto found = kept.find(id);
    if (found == kept.end()) {
      return refuse(404,
                    fmt::format("Item with id '{}' not found. Items of answers that are not kept have to be sent.", id),
                    "input");
    }
    item = found->second;
  }
  return {};
}

// `summarizes`, `seals`: how the answer's reasoning is to be written.
std::string fields_text(const Fields& fields, const GenerationCall& call, Json tools) {
  const auto set = [&](const char* name) {
    const nlohmann::json* reasoning = fields.find("reasoning");
    if (reasoning == nullptr || !reasoning->contains(name)) return false;
    const nlohmann::json& value = reasoning->at(name);
    return value.is_string() && value != "none";
  };
  const nlohmann::json* include = fields.find("include");
  const bool seals = include != nullptr && include->is_array() &&
                     std::ranges::find(*include, "reasoning.encrypted_content") != include->end();
  return to_text({{"repeats", repeated(fields, call, std::move(tools))},
                  {"summarizes", set("summary") || set("generate_summary")},
                  {"seals", seals}});
}

}  // namespace

ApiResult<GenerationCall> parse_responses(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json, {}, body);
  GenerationCall call{.last_turn = LastTurn::answered, .stream = false};
  QUIRE_TRY(call.model, read_model(fields));
  QUIRE_TRY_VOID(read_common(fields, call));
  QUIRE_TRY_VOID(refuse_what_others_serve(fields));
  QUIRE_TRY_VOID(refuse_what_is_not_served(fields));
  QUIRE_TRY_VOID(openai::read_sampling(fields, call));
  QUIRE_TRY_VOID(openai::read_service_tier(fields, call));
  QUIRE_TRY_VOID(read_limits(fields, call));
  QUIRE_TRY_VOID(read_include(fields, call));
  QUIRE_TRY_VOID(read_text(fields, call));
  QUIRE_TRY_VOID(read_reasoning_here(fields, call));
  QUIRE_TRY_VOID(read_stream_options(fields, call));
  QUIRE_TRY_VOID(check_metadata(fields));
  QUIRE_TRY(Json tools, read_flat_tools(fields, call));
  QUIRE_TRY_VOID(read_choice(fields, call));
  QUIRE_TRY(call.kept.keeps, fields.boolean_or("store", true));
  QUIRE_TRY(const std::string previous, fields.text_or("previous_response_id", ""));
  QUIRE_TRY(const std::string instructions, fields.text_or("instructions", ""));
  if (!instructions.empty()) call.messages.push_back({.role = "system", .content = instructions});

  QUIRE_TRY(const Json items, read_items(fields, call.unknown_fields));
  QUIRE_TRY_VOID(collect_needed(items, previous, call.kept.from));
  call.kept.fields = fields_text(fields, call, std::move(tools));
  call.kept.items = to_text(items);
  if (call.kept.from.empty()) QUIRE_TRY_VOID(add_messages(items, call));
  fields.collect_unread(call.unknown_fields);
  return call;
}

ApiResult<void> resume(GenerationCall& call, std::span<const std::optional<std::string>> records) {
  Json items = Json::array();
  std::map<std::string, Json> kept;
  const Json repeats = Json::parse(call.kept.fields, nullptr, false).value("repeats", Json::object());
  const std::string previous = repeats.value("previous_response_id", Json()).is_string()
                                   ? repeats["previous_response_id"].get<std::string>()
                                   : std::string();
  for (size_t i = 0; i < call.kept.from.size(); ++i) {
    Json before = i < records.size() && records[i] ? conversation_of(*records[i]) : Json();
    if (call.kept.from[i] == previous) {
      if (!before.is_array()) {
        auto refused =
            refuse(400, fmt::format("Previous response with id '{}' not found.", previous), "previous_response_id");
        refused.error().reason = "previous_response_not_found";
        return refused;
      }
      items = before;
    }
    if (!before.is_array()) continue;
    for (Json& item : before) {
      std::string id = item.value("id", "");
      if (!id.empty()) kept.insert_or_assign(std::move(id), std::move(item));
    }
  }
  Json own = Json::parse(call.kept.items, nullptr, false);
  QUIRE_TRY_VOID(resolve_references(own, kept));
  for (Json& item : own) items.push_back(std::move(item));
  call.kept.items = to_text(items);
  return add_messages(items, call);
}

}  // namespace quire::api::responses
