#include "api/tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/as_written.h"
#include "api/json_text.h"

namespace quire::api {
namespace {

constexpr size_t tools_max = 1024;
constexpr size_t calls_max = 1024;

// The object at `name`, which has to be there.
ApiResult<const nlohmann::json*> object_of(const Fields& fields, std::string_view name) {
  const nlohmann::json* value = fields.find(name);
  if (value == nullptr) return refuse(400, fmt::format("\"{}\" is required", fields.path(name)), fields.path(name));
  if (!value->is_object()) return refuse_type(fields.path(name), "an object", *value);
  return value;
}

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

ApiResult<std::vector<Tool>> read_tools(const Fields& fields, std::vector<std::string>& unknown) {
  std::vector<Tool> tools;
  QUIRE_TRY(const std::vector<Fields> entries, fields.objects("tools"));
  if (entries.size() > tools_max) {
    return refuse(400, fmt::format("\"tools\" has more than {} tools", tools_max), "tools");
  }
  for (const Fields& entry : entries) {
    QUIRE_TRY(const std::string type, entry.text_or("type", "function"));
    if (type != "function") {
      return refuse(400, fmt::format("\"{}\": tools of type {} are not served", entry.path("type"), type),
                    entry.path("type"));
    }
    QUIRE_TRY(const nlohmann::json* object, object_of(entry, "function"));
    const Fields function(*object, entry.path("function."), entry.text_of("function"));
    QUIRE_TRY(Tool tool, read_function(function));
    function.collect_unread(unknown);
    entry.collect_unread(unknown);
    tools.push_back(std::move(tool));
  }
  return tools;
}

ApiResult<void> read_tool_choice(const Fields& fields, GenerationCall& call) {
  QUIRE_TRY(call.parallel_calls, fields.boolean_or("parallel_tool_calls", true));
  const nlohmann::json* choice = fields.find("tool_choice");
  if (choice == nullptr) return {};
  if (choice->is_string()) {
    const auto& word = choice->get_ref<const std::string&>();
    if (word == "none") call.tool_choice.mode = ToolMode::none;
    if (word == "required") call.tool_choice.mode = ToolMode::required;
    if (word != "none" && word != "required" && word != "auto") {
      return refuse(400, fmt::format("\"tool_choice\" must be auto, none, required or a function, got \"{}\"", word),
                    "tool_choice");
    }
  } else if (choice->is_object()) {
    const Fields entry(*choice, "tool_choice.");
    QUIRE_TRY(const std::string type, entry.text_or("type", "function"));
    if (type != "function") return refuse_unsupported("tool_choice." + type);
    QUIRE_TRY(const nlohmann::json* function, object_of(entry, "function"));
    const Fields named(*function, "tool_choice.function.");
    QUIRE_TRY(call.tool_choice.name, named.text_or("name", ""));
    named.collect_unread(call.unknown_fields);
    entry.collect_unread(call.unknown_fields);
    call.tool_choice.mode = ToolMode::required;
    if (std::ranges::find(call.tools, call.tool_choice.name, &Tool::name) == call.tools.end()) {
      return refuse(400, fmt::format("\"tool_choice\" names \"{}\", which is none of the tools", call.tool_choice.name),
                    "tool_choice");
    }
  } else {
    return refuse_type("tool_choice", "a string or an object", *choice);
  }
  if (call.tool_choice.mode == ToolMode::required && call.tools.empty()) {
    return refuse(400, "\"tool_choice\" asks for a call, but there are no tools", "tool_choice");
  }
  return {};
}

ApiResult<void> check_arguments(std::string_view text, const std::string& field) {
  if (!nlohmann::json::accept(text)) return {};
  const auto checked = parse_in_order(text, field);
  return checked ? ApiResult<void>() : std::unexpected(checked.error());
}

ApiResult<std::vector<ToolCall>> read_tool_calls(const Fields& message, std::vector<std::string>& unknown) {
  std::vector<ToolCall> calls;
  QUIRE_TRY(const std::vector<Fields> entries, message.objects("tool_calls"));
  if (entries.size() > calls_max) {
    const std::string field = message.path("tool_calls");
    return refuse(400, fmt::format("\"{}\" must be an array of at most {} calls", field, calls_max), field);
  }
  for (const Fields& entry : entries) {
    QUIRE_TRY(const nlohmann::json* object, object_of(entry, "function"));
    const Fields function(*object, entry.path("function."), entry.text_of("function"));
    ToolCall call;
    QUIRE_TRY(call.id, entry.text_or("id", ""));
    QUIRE_TRY(call.name, function.text_or("name", ""));
    if (call.name.empty()) {
      return refuse(400, fmt::format("\"{}\" is required", function.path("name")), function.path("name"));
    }
    const nlohmann::json* arguments = function.find("arguments");
    const std::string field = function.path("arguments");
    if (arguments == nullptr) {
      call.arguments = "{}";
    } else if (arguments->is_string()) {
      call.arguments = arguments->get<std::string>();
    } else if (arguments->is_object()) {
      call.arguments = function.as_written("arguments");
    } else {
      return refuse_type(field, "an object or its text", *arguments);
    }
    QUIRE_TRY_VOID(check_arguments(call.arguments, field));
    // Calls come in their order, and all of them are functions' calls.
    entry.pass_over({"type", "index"});
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

}  // namespace quire::api
