#include "api/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/as_written.h"
#include "api/json_text.h"

namespace quire::api {
namespace {

using constraint::Kind;
using constraint::Spec;

constexpr size_t choices_of_text_max = 10'000;

// What is said twice is said once: clients that do not know which name a server knows send both.
ApiResult<void> set(GenerationCall& call, Spec spec, const std::string& field) {
  if (call.constraint && *call.constraint != spec) {
    return refuse(400, fmt::format("\"{}\" is a second constraint: an answer can have one", field), field);
  }
  call.constraint = std::move(spec);
  call.constraint_field = field;
  return {};
}

// A schema: an object, a boolean, or the text of one (vLLM).
ApiResult<void> set_schema(const Fields& fields, std::string_view name, GenerationCall& call) {
  const nlohmann::json* value = fields.find(name);
  if (value == nullptr) return {};
  const std::string field = fields.path(name);
  if (value->is_string()) {
    return set(call, {.kind = Kind::json_schema, .text = value->get<std::string>()}, field);
  }
  if (!value->is_object() && !value->is_boolean()) return refuse_type(field, "a schema", *value);
  return set(call, {.kind = Kind::json_schema, .text = fields.as_written(name)}, field);
}

ApiResult<void> set_text(const Fields& fields, std::string_view name, Kind kind, GenerationCall& call) {
  QUIRE_TRY(std::string text, fields.text_or(name, ""));
  if (text.empty()) return {};
  return set(call, {.kind = kind, .text = std::move(text)}, fields.path(name));
}

ApiResult<void> set_choices(const Fields& fields, std::string_view name, GenerationCall& call) {
  const nlohmann::json* value = fields.find(name);
  if (value == nullptr) return {};
  const std::string field = fields.path(name);
  const bool texts = value->is_array() && std::ranges::all_of(*value, [](const auto& one) { return one.is_string(); });
  if (!texts || value->empty() || value->size() > choices_of_text_max) {
    return refuse(400, fmt::format("\"{}\" must be an array of 1 to {} strings", field, choices_of_text_max), field);
  }
  return set(call, {.kind = Kind::choice, .choices = value->get<std::vector<std::string>>()}, field);
}

ApiResult<void> set_any_object(const Fields& fields, std::string_view name, GenerationCall& call) {
  QUIRE_TRY(const bool wanted, fields.boolean_or(name, false));
  return wanted ? set(call, {.kind = Kind::json_object}, fields.path(name)) : ApiResult<void>();
}

ApiResult<void> read_structured_outputs(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> outputs, fields.object("structured_outputs"));
  if (!outputs) return {};
  const Fields& entry = *outputs;
  QUIRE_TRY_VOID(entry.refuse_set({"structural_tag", "whitespace_pattern"}));
  QUIRE_TRY_VOID(set_schema(entry, "json", call));
  QUIRE_TRY_VOID(set_text(entry, "regex", Kind::regex, call));
  QUIRE_TRY_VOID(set_choices(entry, "choice", call));
  QUIRE_TRY_VOID(set_text(entry, "grammar", Kind::gbnf, call));
  QUIRE_TRY_VOID(set_any_object(entry, "json_object", call));
  // How its back ends go about it.
  entry.pass_over({"disable_any_whitespace", "disable_fallback", "disable_additional_properties", "_backend"});
  entry.collect_unread(call.unknown_fields);
  return {};
}

struct Effort {
  std::string_view name;
  std::string_view level;  // as templates call it; empty: no thinking
};
constexpr std::array<Effort, 8> efforts = {{{"none", ""},
                                            {"minimal", "low"},
                                            {"low", "low"},
                                            {"medium", "medium"},
                                            {"high", "high"},
                                            {"xhigh", "max"},
                                            {"max", "max"},
                                            {"default", "medium"}}};

ApiResult<void> set_effort(const std::string& name, const std::string& field, GenerationCall& call) {
  if (name.empty()) return {};
  const auto effort = std::ranges::find(efforts, std::string_view(name), &Effort::name);
  if (effort == efforts.end()) {
    return refuse(400,
                  fmt::format("\"{}\" must be none, minimal, low, medium, high, xhigh or max, got \"{}\"", field, name),
                  field);
  }
  call.think = ThinkRequest{.enabled = !effort->level.empty(), .level = std::string(effort->level)};
  return {};
}

// The format that `name` holds where its type is json_schema; none where nothing is left to read of it.
ApiResult<std::optional<Fields>> described_format(const Fields& fields, std::string_view name, GenerationCall& call) {
  QUIRE_TRY(std::optional<Fields> format, fields.object(name));
  if (!format) return std::nullopt;
  QUIRE_TRY(const std::string type, format->text_or("type", ""));
  if (type == "json_schema") return format;
  if (type == "json_object") {
    QUIRE_TRY_VOID(format->find("schema") != nullptr ? set_schema(*format, "schema", call)
                                                     : set(call, {.kind = Kind::json_object}, fields.path(name)));
  } else if (type != "text") {
    return format->wrong_word("type", "text, json_object or json_schema", type);
  }
  format->collect_unread(call.unknown_fields);
  return std::nullopt;
}

// A schema with its name, as OpenAI describes one.
ApiResult<void> read_described_schema(const Fields& described, GenerationCall& call) {
  described.pass_over({"name", "description", "strict"});  // every answer is held to its schema
  if (described.find("schema") == nullptr) return described.missing("schema");
  QUIRE_TRY_VOID(set_schema(described, "schema", call));
  described.collect_unread(call.unknown_fields);
  return {};
}

}  // namespace

ApiResult<void> read_schema(const Fields& fields, std::string_view name, GenerationCall& call) {
  return set_schema(fields, name, call);
}

ApiResult<void> read_effort(const Fields& fields, std::string_view name, GenerationCall& call) {
  QUIRE_TRY(const std::string effort, fields.text_or(name, ""));
  return set_effort(effort, fields.path(name), call);
}

ApiResult<void> read_format(const Fields& fields, GenerationCall& call) {
  const nlohmann::json* format = fields.find("format");
  if (format == nullptr || (format->is_string() && format->get_ref<const std::string&>().empty())) return {};
  if (format->is_string()) {
    if (*format != "json") {
      return refuse(400,
                    fmt::format("\"format\" must be \"json\" or a JSON schema, got \"{}\"",
                                format->get_ref<const std::string&>()),
                    "format");
    }
    return set(call, {.kind = Kind::json_object}, "format");
  }
  return set_schema(fields, "format", call);
}

ApiResult<void> read_response_format(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> format, described_format(fields, "response_format", call));
  if (!format) return {};
  QUIRE_TRY(const std::optional<Fields> described, format->object("json_schema"));
  if (described) {
    QUIRE_TRY_VOID(read_described_schema(*described, call));
  } else if (format->find("schema") != nullptr) {  // llama-server takes the schema beside the type, too
    QUIRE_TRY_VOID(set_schema(*format, "schema", call));
  } else {
    return refuse(400, "\"response_format.json_schema\" must be an object", "response_format.json_schema");
  }
  format->collect_unread(call.unknown_fields);
  return {};
}

ApiResult<void> read_text_format(const Fields& text, GenerationCall& call) {
  QUIRE_TRY(const std::optional<Fields> format, described_format(text, "format", call));
  return format ? read_described_schema(*format, call) : ApiResult<void>();
}

ApiResult<void> read_constraints(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY_VOID(read_structured_outputs(fields, call));
  fields.pass_over({"guided_decoding_backend"});  // vLLM's, of which each keeps to the same
  QUIRE_TRY_VOID(set_schema(fields, "guided_json", call));
  QUIRE_TRY_VOID(set_text(fields, "guided_regex", Kind::regex, call));
  QUIRE_TRY_VOID(set_choices(fields, "guided_choice", call));
  QUIRE_TRY_VOID(set_text(fields, "guided_grammar", Kind::gbnf, call));
  QUIRE_TRY_VOID(set_text(fields, "grammar", Kind::gbnf, call));
  QUIRE_TRY_VOID(set_schema(fields, "json_schema", call));
  QUIRE_TRY_VOID(set_text(fields, "regex", Kind::regex, call));
  return set_choices(fields, "choice", call);
}

ApiResult<void> read_think(const Fields& fields, GenerationCall& call) {
  const nlohmann::json* think = fields.find("think");
  if (think == nullptr) return {};
  if (think->is_boolean()) {
    call.think = ThinkRequest{.enabled = think->get<bool>(), .level = {}};
    return {};
  }
  constexpr std::array<std::string_view, 4> levels = {"low", "medium", "high", "max"};
  const std::string level = think->is_string() ? think->get<std::string>() : std::string();
  if (std::ranges::find(levels, level) == levels.end()) {
    return refuse(400, "\"think\" must be true, false, or low, medium, high or max", "think");
  }
  call.think = ThinkRequest{.enabled = true, .level = level};
  return {};
}

ApiResult<void> read_reasoning(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY_VOID(read_effort(fields, "reasoning_effort", call));
  QUIRE_TRY(const std::optional<Fields> reasoning, fields.object("reasoning"));
  if (reasoning) {
    QUIRE_TRY_VOID(read_reasoning_object(*reasoning, call));
    reasoning->collect_unread(call.unknown_fields);
  }
  return read_template_variables(fields, call);
}

ApiResult<void> read_reasoning_object(const Fields& reasoning, GenerationCall& call) {
  QUIRE_TRY(const std::string effort, reasoning.text_or("effort", ""));
  QUIRE_TRY_VOID(set_effort(effort, "reasoning.effort", call));
  QUIRE_TRY(const std::optional<bool> enabled, reasoning.boolean("enabled"));
  if (enabled && effort.empty()) call.think = ThinkRequest{.enabled = *enabled, .level = {}};
  QUIRE_TRY(const std::optional<int64_t> most, reasoning.integer("max_tokens", 1, INT32_MAX));
  if (most) call.thinking_tokens_max = static_cast<int32_t>(*most);
  return {};
}

ApiResult<void> read_template_variables(const Fields& fields, GenerationCall& call) {
  const nlohmann::json* variables = fields.find("chat_template_kwargs");
  if (variables == nullptr) return {};
  if (!variables->is_object()) return refuse_type("chat_template_kwargs", "an object", *variables);
  call.template_variables = fields.as_written("chat_template_kwargs");
  const auto checked = parse_in_order(call.template_variables, "chat_template_kwargs");
  if (!checked) return std::unexpected(checked.error());
  return {};
}

}  // namespace quire::api
