#include "api/tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/as_written.h"
#include "api/json_text.h"

namespace quire::api {
namespace {

constexpr size_t calls_max = 1024;

}  // namespace

ApiResult<Tool> read_function(const Fields& function, std::string_view schema) {
  Tool tool;
  QUIRE_TRY(tool.name, function.text_or("name", ""));
  QUIRE_TRY_VOID(check_tool_name(tool.name, function.path("name")));
  QUIRE_TRY(tool.description, function.text_or("description", ""));
  QUIRE_TRY(const std::optional<bool> strict, function.boolean("strict"));
  tool.strict = strict.value_or(true);
  tool.strict_asked = strict.value_or(false);
  const nlohmann::json* parameters = function.find(schema);
  if (parameters != nullptr && !parameters->is_object()) {
    return refuse_type(function.path(schema), "an object", *parameters);
  }
  if (parameters != nullptr) tool.parameters = function.as_written(schema);
  if (!tool.parameters.empty()) {
    const auto checked = parse_in_order(tool.parameters, function.path(schema));
    if (!checked) return std::unexpected(checked.error());
  }
  return tool;
}

ApiResult<void> check_tool_name(std::string_view name, const std::string& field) {
  constexpr size_t bytes_max = 256;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-.:/").find(c) != std::string_view::npos;
  };
  if (!name.empty() && name.size() <= bytes_max && std::ranges::all_of(name, fits)) return {};
  return refuse(400, fmt::format("\"{}\" must be 1 to {} letters, digits, '_', '-', '.', ':' or '/'", field, bytes_max),
                field);
}

ApiResult<std::vector<Fields>> tool_entries(const Fields& fields, std::initializer_list<std::string_view> types) {
  QUIRE_TRY(std::vector<Fields> entries, fields.objects("tools"));
  if (entries.size() > tools_max)
    return refuse(400, fmt::format("\"tools\" has more than {} tools", tools_max), "tools");
  for (const Fields& entry : entries) {
    QUIRE_TRY(const std::string type, entry.text_or("type", *types.begin()));
    if (std::ranges::find(types, std::string_view(type)) != types.end()) continue;
    return refuse(400, fmt::format("\"{}\": tools of type {} are not served", entry.path("type"), type),
                  entry.path("type"));
  }
  return entries;
}

ApiResult<void> read_tools(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(const std::vector<Fields> entries, tool_entries(fields, {"function"}));
  for (const Fields& entry : entries) {
    QUIRE_TRY(const Fields function, entry.required_object("function"));
    QUIRE_TRY(Tool tool, read_function(function));
    function.collect_unread(call.unknown_fields);
    entry.collect_unread(call.unknown_fields);
    call.tools.push_back(std::move(tool));
  }
  return {};
}

ApiResult<void> check_is_tool(std::string_view name, const std::string& field, const GenerationCall& call) {
  if (std::ranges::find(call.tools, name, &Tool::name) != call.tools.end()) return {};
  return refuse(400, fmt::format("\"{}\" names \"{}\", which is none of the tools", field, name), field);
}

ApiResult<void> require_call(std::string name, const std::string& field, GenerationCall& call) {
  if (!name.empty()) QUIRE_TRY_VOID(check_is_tool(name, field, call));
  if (call.tools.empty()) {
    return refuse(400, fmt::format("\"{}\" asks for a call, but there are no tools", field), field);
  }
  call.tool_choice = {.mode = ToolMode::required, .name = std::move(name)};
  return {};
}

ApiResult<void> choose_by_word(std::string_view word, std::string_view words, const std::string& field,
                               GenerationCall& call) {
  if (word == "required") return require_call({}, field, call);
  if (word == "none") {
    call.tool_choice.mode = ToolMode::none;
  } else if (word != "auto") {
    return refuse(400, fmt::format("\"{}\" must be {}, got \"{}\"", field, words, word), field);
  }
  return {};
}

ApiResult<void> read_tool_choice(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(call.parallel_calls, fields.boolean_or("parallel_tool_calls", true));
  const nlohmann::json* choice = fields.find("tool_choice");
  if (choice == nullptr) return {};
  if (choice->is_string()) {
    return choose_by_word(choice->get_ref<const std::string&>(), "auto, none, required or a function", "tool_choice",
                          call);
  }
  if (!choice->is_object()) return refuse_type("tool_choice", "a string or an object", *choice);
  const Fields entry(*choice, "tool_choice.");
  QUIRE_TRY(const std::string type, entry.text_or("type", "function"));
  if (type != "function") return refuse_unsupported("tool_choice." + type);
  QUIRE_TRY(const Fields function, entry.required_object("function"));
  QUIRE_TRY(const std::string name, function.text_or("name", ""));
  function.collect_unread(call.unknown_fields);
  entry.collect_unread(call.unknown_fields);
  QUIRE_TRY_VOID(check_is_tool(name, "tool_choice", call));
  return require_call(name, "tool_choice", call);
}

ApiResult<void> check_arguments(std::string_view text, const std::string& field) {
  if (!nlohmann::json::accept(text)) return {};
  const auto checked = parse_in_order(text, field);
  return checked ? ApiResult<void>() : std::unexpected(checked.error());
}

ApiResult<std::vector<ToolCall>> read_tool_calls(const Fields& message, std::vector<std::string>& unknown) {
  QUIRE_TRY(const std::vector<Fields> entries, message.objects("tool_calls"));
  if (entries.size() > calls_max) {
    const std::string field = message.path("tool_calls");
    return refuse(400, fmt::format("\"{}\" has more than {} calls", field, calls_max), field);
  }
  std::vector<ToolCall> calls;
  for (const Fields& entry : entries) {
    QUIRE_TRY(const Fields function, entry.required_object("function"));
    ToolCall call;
    QUIRE_TRY(call.id, entry.text_or("id", ""));
    QUIRE_TRY(call.name, function.text_or("name", ""));
    if (call.name.empty()) return function.missing("name");
    const nlohmann::json* arguments = function.find("arguments");
    if (arguments == nullptr) {
      call.arguments = "{}";
    } else if (arguments->is_string()) {
      call.arguments = arguments->get<std::string>();
    } else if (arguments->is_object()) {
      call.arguments = function.as_written("arguments");
    } else {
      return refuse_type(function.path("arguments"), "an object or its text", *arguments);
    }
    QUIRE_TRY_VOID(check_arguments(call.arguments, function.path("arguments")));
    entry.pass_over({"type", "index"});  // a call is of a function, and they come in their order
    function.pass_over({"index"});
    function.collect_unread(unknown);
    entry.collect_unread(unknown);
    calls.push_back(std::move(call));
  }
  return calls;
}

nlohmann::ordered_json tools_json(const std::vector<Tool>& tools) {
  nlohmann::ordered_json list;
  for (const Tool& tool : tools) {
    nlohmann::ordered_json function = {{"name", tool.name}};
    if (!tool.description.empty()) function["description"] = tool.description;
    function["parameters"] =
        tool.parameters.empty()
            ? nlohmann::ordered_json{{"type", "object"}, {"properties", nlohmann::ordered_json::object()}}
            : nlohmann::ordered_json::parse(tool.parameters, nullptr, false);
    list.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  return list;
}

bool describe_tools(nlohmann::ordered_json& tools) {
  bool any = false;
  for (nlohmann::ordered_json& tool : tools) {
    nlohmann::ordered_json& function = tool["function"];
    any = function.emplace("description", "").second || any;
  }
  return any;
}

}  // namespace quire::api
