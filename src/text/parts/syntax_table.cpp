#include "text/parts/syntax_table.h"

#include <array>

namespace quire::parts {
namespace {

using Literals = std::span<const std::string_view>;
using namespace std::string_view_literals;

constexpr std::array think_tool_call = {"<tool_call>"sv, "</think>"sv};
constexpr std::array tool_call = {"<tool_call>"sv};
constexpr std::array think_only = {"</think>"sv};

constexpr std::array hermes_thinking_signs = {Literals(think_tool_call)};
constexpr std::array hermes_signs = {Literals(tool_call)};
constexpr std::array thinking_signs = {Literals(think_only)};

constexpr std::array hermes_parsers = {"qwen3"sv, "qwen3-thinking"sv};

constexpr std::array hermes_calls = {
    CallForm{.opener = "<tool_call>", .read = read_json_calls, .closer = "</tool_call>"}};

constexpr std::array rows = {
    SyntaxRow{.name = "hermes-thinking",
              .signs = hermes_thinking_signs,
              .parsers = hermes_parsers,
              .thinking_begin = "<think>",
              .thinking_end = "</think>",
              .calls = hermes_calls},
    SyntaxRow{.name = "hermes", .signs = hermes_signs, .calls = hermes_calls},
    SyntaxRow{.name = "thinking", .signs = thinking_signs, .thinking_begin = "<think>", .thinking_end = "</think>"},
};

}  // namespace

std::span<const SyntaxRow> syntax_rows() { return rows; }

}  // namespace quire::parts
