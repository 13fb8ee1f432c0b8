// An answer taken apart, with the pieces of one kind joined.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/parts/syntax.h"
#include "text/parts/syntax_table.h"

namespace quire::parts {

// The row of this name, by the signs of its templates.
inline Syntax syntax_named(std::string_view name) {
  for (const SyntaxRow& row : syntax_rows()) {
    if (row.name != name) continue;
    std::string source;
    for (const std::string_view sign : row.signs.all()) source += std::string(sign) + "\n";
    return Syntax::of(source, "");
  }
  return Syntax::of("", "");
}

// As one would write an answer down: one part a line, arguments joined.
inline std::string shown(const std::vector<Part>& parts) {
  std::string text;
  for (const Part& part : parts) {
    if (const auto* content = std::get_if<Content>(&part)) text += "content " + content->text + "\n";
    if (const auto* thinking = std::get_if<Thinking>(&part)) text += "thinking " + thinking->text + "\n";
    if (const auto* begun = std::get_if<CallBegun>(&part)) {
      text += "call " + std::to_string(begun->call) + " " + begun->name;
      text += begun->id.empty() ? "\n" : " id=" + begun->id + "\n";
    }
    if (const auto* more = std::get_if<CallArguments>(&part)) text += "arguments " + more->text + "\n";
    if (const auto* ended = std::get_if<CallEnded>(&part)) text += "end " + std::to_string(ended->call) + "\n";
  }
  return text;
}

// Neighbours of one kind become one part.
inline std::vector<Part> joined(const std::vector<Part>& parts) {
  std::vector<Part> result;
  const auto join = [&]<typename Kind>(const Kind& part) {
    if constexpr (requires { part.text; }) {
      if (Kind* last = result.empty() ? nullptr : std::get_if<Kind>(&result.back())) {
        last->text += part.text;
        return;
      }
    }
    result.emplace_back(part);
  };
  for (const Part& part : parts) std::visit(join, part);
  return result;
}

// What comes of an answer that arrives in these pieces.
inline std::vector<Part> parse(const Syntax& syntax, std::string_view prompt_end, std::span<const ToolSchema> tools,
                               const std::vector<std::string_view>& pieces) {
  const auto parser = syntax.make_parser(prompt_end, tools);
  std::vector<Part> parts;
  for (const std::string_view piece : pieces) parser->push(piece, parts);
  parser->finish(parts);
  return joined(parts);
}

}  // namespace quire::parts
