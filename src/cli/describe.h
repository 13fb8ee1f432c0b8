// What the command line is, as plain values: completion scripts and the manual are made from it, so that they never
// lag.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quire::cli {

struct OptionDescription {
  std::vector<std::string> names;    // "-f", "--file"
  std::string value;                 // the word for what it takes; empty: nothing
  std::vector<std::string> choices;  // the values there are, where that is known
  std::string text;
};

struct PositionalDescription {
  std::string value;  // "MODEL"
  std::string text;
  bool required = false, repeats = false;
};

struct CommandDescription {
  std::string name;
  std::vector<std::string> aliases;
  std::string text, footer;
  std::vector<OptionDescription> options;
  std::vector<PositionalDescription> positionals;
  std::vector<CommandDescription> commands;  // the hidden ones are not among them
};
CommandDescription describe(const CLI::App& app);

// A script for "bash", "zsh" or "fish"; an error for another shell.
Result<std::string> completion_script(const CommandDescription& program, std::string_view shell);
// The manual, for man(1). `environment` is preformatted.
std::string man_page(const CommandDescription& program, std::string_view environment);

}  // namespace quire::cli
