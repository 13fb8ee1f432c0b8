// Tools and their calls, in the form that Ollama's and OpenAI's chats share.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/error.h"
#include "api/fields.h"

namespace quire::api {

// `tools`: functions, as {"type": "function", "function": {"name", "description", "parameters", "strict"}}. Tools of
// other kinds, which somebody else would have to run, are refused by name. Here and below, fields that nobody knows are
// added to `unknown`.
ApiResult<std::vector<Tool>> read_tools(const Fields& fields, std::vector<std::string>& unknown);
// A function: {"name", "description", "strict"}, with the schema of its arguments under the name `schema`.
ApiResult<Tool> read_function(const Fields& function, std::string_view schema = "parameters");
// `tool_choice`: "auto", "none", "required", or {"type": "function", "function": {"name"}} with the name of one of the
// tools; and `parallel_tool_calls`. REQUIRES: call.tools was read.
ApiResult<void> read_tool_choice(const Fields& fields, GenerationCall& call);
// `tool_calls` of a message in the history. Arguments are an object or its text.
ApiResult<std::vector<ToolCall>> read_tool_calls(const Fields& message, std::vector<std::string>& unknown);
// Arguments in the history, which templates may take apart: within the bounds of parse_in_order where they are JSON. A
// text that is none stays one.
ApiResult<void> check_arguments(std::string_view text, const std::string& field);

// A name that a call can have: letters, digits, '_', '-', '.', ':' and '/', at most 256.
ApiResult<void> check_tool_name(std::string_view name, const std::string& field);

// As templates see them: [{"type": "function", "function": {...}}]; null without any.
nlohmann::ordered_json tools_json(const std::vector<Tool>& tools);

}  // namespace quire::api
