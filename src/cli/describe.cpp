#include "cli/describe.h"

#include <algorithm>

namespace quire::cli {
namespace {

// The values of an option whose type names them: "{table,jsonl}", or "{table->0,jsonl->1}".
std::vector<std::string> choices_of(const std::string& type) {
  const size_t begin = type.find('{'), end = type.find('}');
  std::vector<std::string> choices;
  if (begin == std::string::npos || end == std::string::npos) return choices;
  for (size_t at = begin + 1; at < end;) {
    const size_t comma = std::min(type.find(',', at), end);
    const std::string choice = type.substr(at, comma - at);
    choices.push_back(choice.substr(0, choice.find("->")));
    at = comma + 1;
  }
  return choices;
}

OptionDescription describe_option(const CLI::Option& option) {
  OptionDescription described{.text = option.get_description()};
  for (const std::string& name : option.get_snames()) described.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) described.names.push_back("--" + name);
  const bool takes_value = option.get_items_expected_min() > 0;
  described.choices = choices_of(option.get_type_name());
  if (takes_value) {
    const std::string type = option.get_type_name();
    described.value = type.empty() || type.find_first_of("{[ :") != std::string::npos ? "VALUE" : type;
  }
  return described;
}

}  // namespace

CommandDescription describe(const CLI::App& app) {
  CommandDescription described{
      .name = app.get_name(), .aliases = app.get_aliases(), .text = app.get_description(), .footer = app.get_footer()};
  const auto add_options = [&](const CLI::App& of) {
    for (const CLI::Option* option : of.get_options()) {
      if (option->get_group().empty()) continue;
      if (option->get_positional() && option->get_lnames().empty() && option->get_snames().empty()) {
        described.positionals.push_back({.value = option->get_type_name(),
                                         .text = option->get_description(),
                                         .required = option->get_required(),
                                         .repeats = option->get_items_expected_max() > 1});
      } else {
        described.options.push_back(describe_option(*option));
      }
    }
  };
  add_options(app);
  for (const CLI::App* child : app.get_subcommands({})) {
    if (child->get_name().empty()) {
      add_options(*child);  // a group of options
    } else if (!child->get_group().empty()) {
      described.commands.push_back(describe(*child));
    }
  }
  return described;
}

}  // namespace quire::cli
