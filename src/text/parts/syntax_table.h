// The syntaxes that are known, one a row.
#pragma once

#include <span>
#include <string_view>

#include "text/parts/form.h"

namespace quire::parts {

struct SyntaxRow {
  std::string_view name;
  // A template has it if all literals of one of these are in its source. The first row that fits is the one.
  std::span<const std::span<const std::string_view>> signs = {};
  std::span<const std::string_view> parsers = {};  // their names in Ollama's manifests
  std::string_view thinking_begin = {};
  std::string_view thinking_end = {};
  std::span<const CallForm> calls = {};
  std::span<const std::string_view> dropped = {};  // marks around content that are no text
  std::span<const std::string_view> tokens = {};   // control tokens of it beyond the marks themselves
};

std::span<const SyntaxRow> syntax_rows();

}  // namespace quire::parts
