// Tools and their calls: what all dialects share, and the form that Ollama's and OpenAI's chats have.
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/error.h"
#include "api/fields.h"

namespace quire::api {

constexpr size_t tools_max = 1024;  // of a request

// The entries of `tools`, tools_max at most, all of these types; the first is that of those that leave it out. Others,
// which somebody else would have to run, are refused by name.
ApiResult<std::vector<Fields>> tool_entries(const Fields& fields, std::initializer_list<std::string_view> types);
// `tools`: functions, as {"type": "function", "function": {"name", "description", "parameters", "strict"}}. Fields that
// nobody knows are added to call.unknown_fields.
ApiResult<void> read_tools(const Fields& fields, GenerationCall& call);
// A function: {"name", "description", "strict"}, with the schema of its arguments under the name `schema`.
ApiResult<Tool> read_function(const Fields& function, std::string_view schema = "parameters");
// `tool_choice`: "auto", "none", "required", or {"type": "function", "function": {"name"}} with the name of one of the
// tools; and `parallel_tool_calls`. REQUIRES: call.tools was read.
ApiResult<void> read_tool_choice(const Fields& fields, GenerationCall& call);
// A choice in a word: auto, none or required; `words` is what messages call them. REQUIRES: call.tools was read.
ApiResult<void> choose_by_word(std::string_view word, std::string_view words, const std::string& field,
                               GenerationCall& call);
// The answer is a call; of this tool, unless `name` is empty. 400 naming `field` where none of the tools is meant.
// REQUIRES: call.tools was read.
ApiResult<void> require_call(std::string name, const std::string& field, GenerationCall& call);
ApiResult<void> check_is_tool(std::string_view name, const std::string& field, const GenerationCall& call);
// `tool_calls` of a message in the history. Arguments are an object or its text. Fields that nobody knows are added to
// `unknown`.
ApiResult<std::vector<ToolCall>> read_tool_calls(const Fields& message, std::vector<std::string>& unknown);

// Arguments in the history, which templates may take apart: within the bounds of parse_in_order where they are JSON. A
// text that is none stays one.
ApiResult<void> check_arguments(std::string_view text, const std::string& field);

// A name that a call can have: letters, digits, '_', '-', '.', ':' and '/', at most 256.
ApiResult<void> check_tool_name(std::string_view name, const std::string& field);

// As templates see them: [{"type": "function", "function": {...}}]; null without any.
nlohmann::ordered_json tools_json(const std::vector<Tool>& tools);

// Gives those of tools_json that have no description an empty one, for templates that take one for granted (gpt-oss's).
// False: each has one.
bool describe_tools(nlohmann::ordered_json& tools);

}  // namespace quire::api
