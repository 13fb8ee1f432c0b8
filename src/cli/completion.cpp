#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/describe.h"

namespace quire::cli {
namespace {

bool wants_models(const std::string& value) { return value.find("MODEL") != std::string::npos; }
bool wants_files(const std::string& value) {
  return value.find("FILE") != std::string::npos || value.find('.') != std::string::npos;
}

// Every command with its path below the program: "bench load".
struct Entry {
  std::string path;
  const CommandDescription* command;
};
void collect(const CommandDescription& command, const std::string& path, std::vector<Entry>& entries) {
  entries.push_back({.path = path, .command = &command});
  for (const CommandDescription& child : command.commands) {
    collect(child, path.empty() ? child.name : path + " " + child.name, entries);
  }
}
std::vector<Entry> entries_of(const CommandDescription& program) {
  std::vector<Entry> entries;
  collect(program, "", entries);
  return entries;
}

std::string joined_options(const CommandDescription& command) {
  std::string words;
  for (const OptionDescription& option : command.options) words += fmt::format("{} ", fmt::join(option.names, " "));
  return words;
}

std::string joined_commands(const CommandDescription& command) {
  std::string words;
  for (const CommandDescription& child : command.commands) words += child.name + " ";
  return words;
}

// In single quotes of a shell.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string bash_script(const CommandDescription& program) {
  std::string steps, cases;
  for (const Entry& entry : entries_of(program)) {
    for (const CommandDescription& child : entry.command->commands) {
      const std::string path = entry.path.empty() ? child.name : entry.path + " " + child.name;
      std::string names = in_quotes(entry.path + "/" + child.name);
      for (const std::string& alias : child.aliases) names += "|" + in_quotes(entry.path + "/" + alias);
      steps += fmt::format("      {}) path={} ;;\n", names, in_quotes(path));
    }
    bool models = false, files = false;
    for (const PositionalDescription& positional : entry.command->positionals) {
      models = models || wants_models(positional.value);
      files = files || wants_files(positional.value);
    }
    cases += fmt::format("    {}) words={}; models={:d}; files={:d} ;;\n", in_quotes(entry.path),
                         in_quotes(joined_options(*entry.command) + joined_commands(*entry.command)), models, files);
  }
  return "# bash completion of quire. Made by `quire completion bash`.\n"
         "_quire() {\n"
         "  local line=${COMP_LINE:0:COMP_POINT} current before= path= word words= models=0 files=0\n"
         "  current=${line##*[[:space:]]}\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"$path/$word\" in\n" +
         steps +
         "    esac\n"
         "  done\n"
         "  case $path in\n" +
         cases +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  if [[ $current = -* ]]; then return; fi\n"
         // Names are data: the words of `compgen -W` would be expanded, and a name may say $(anything).
         "  if [[ $models = 1 ]]; then\n"
         "    while IFS= read -r word; do\n"
         "      if [[ $word = \"$current\"* ]]; then COMPREPLY+=(\"$word\"); fi\n"
         "    done < <(quire list 2>/dev/null | awk 'NR > 1 { print $1 }')\n"
         "  fi\n"
         "  if [[ $files = 1 ]]; then\n"
         "    while IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -f -- \"$current\")\n"
         "  fi\n"
         // Bash replaces what stands behind the last colon, where colons part words for it.
         "  if [[ $COMP_WORDBREAKS = *:* && $current = *:* ]]; then before=${current%\"${current##*:}\"}; fi\n"
         "  COMPREPLY=(\"${COMPREPLY[@]#\"$before\"}\")\n"
         "}\n"
         "complete -o filenames -F _quire quire\n";
}

// A part of a specification of _arguments: colons and brackets have a meaning there.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(const std::string& value, const std::vector<std::string>& choices) {
  if (!choices.empty()) return fmt::format("({})", fmt::join(choices, " "));
  if (wants_models(value) && wants_files(value)) return "{_quire_models; _files}";
  if (wants_models(value)) return "_quire_models";
  return wants_files(value) ? "_files" : "";
}

std::string zsh_command(const CommandDescription& command, const std::string& indent) {
  std::string out = indent + "_arguments";
  for (const OptionDescription& option : command.options) {
    for (const std::string& name : option.names) {
      std::string text = fmt::format("{}[{}]", name, zsh_text(option.text));
      if (!option.value.empty()) {
        text += fmt::format(":{}:{}", zsh_text(option.value), zsh_action(option.value, option.choices));
      }
      out += " \\\n" + indent + "  " + in_quotes(text);
    }
  }
  size_t place = 0;
  for (const PositionalDescription& positional : command.positionals) {
    const std::string where = positional.repeats ? "*" : std::to_string(++place);
    out += " \\\n" + indent + "  " +
           in_quotes(fmt::format("{}:{}:{}", where, zsh_text(positional.value), zsh_action(positional.value, {})));
  }
  return out + "\n";
}

std::string zsh_level(const CommandDescription& command, const std::string& indent) {
  if (command.commands.empty()) return zsh_command(command, indent);
  std::string out = indent + "if (( CURRENT == 2 )); then\n" + indent + "  local -a commands=(\n";
  for (const CommandDescription& child : command.commands) {
    out += indent + "    " + in_quotes(fmt::format("{}:{}", child.name, zsh_text(child.text))) + "\n";
  }
  out += indent + "  )\n" + indent + "  _describe command commands\n" + indent + "  return\n" + indent + "fi\n";
  out += indent + "shift words; (( CURRENT-- ))\n" + indent + "case $words[1] in\n";
  for (const CommandDescription& child : command.commands) {
    std::string names = child.name;
    for (const std::string& alias : child.aliases) names += "|" + alias;
    out += indent + "  (" + names + ")\n" + zsh_level(child, indent + "    ") + indent + "    ;;\n";
  }
  return out + indent + "esac\n";
}

std::string zsh_script(const CommandDescription& program) {
  return "#compdef quire\n"
         "# zsh completion of quire. Made by `quire completion zsh`.\n"
         "_quire_models() {\n"
         "  local -a models=(${(f)\"$(quire list 2>/dev/null | awk 'NR > 1 { print $1 }')\"})\n"
         "  compadd -a models\n"
         "}\n"
         "_quire() {\n" +
         zsh_level(program, "  ") +
         "}\n"
         "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _quire \"$@\"; else compdef _quire quire; fi\n";
}

std::string fish_script(const CommandDescription& program) {
  std::string out =
      "# fish completion of quire. Made by `quire completion fish`.\n"
      "function __quire_models\n"
      "    quire list 2>/dev/null | awk 'NR > 1 { print $1 }'\n"
      "end\n"
      "complete -c quire -f\n";
  for (const Entry& entry : entries_of(program)) {
    std::string condition;
    const size_t space = entry.path.rfind(' ');
    if (entry.path.empty()) {
      condition = "__fish_use_subcommand";
    } else {
      std::string seen = space == std::string::npos ? entry.path : entry.path.substr(space + 1);
      for (const std::string& alias : entry.command->aliases) seen += " " + alias;
      condition = "__fish_seen_subcommand_from " + seen;
      if (space != std::string::npos) {
        condition = "__fish_seen_subcommand_from " + entry.path.substr(0, space) + "; and " + condition;
      }
    }
    const std::string begin = "complete -c quire -n " + in_quotes(condition);
    for (const CommandDescription& child : entry.command->commands) {
      std::string rule = condition;
      if (!entry.path.empty()) rule += "; and not __fish_seen_subcommand_from " + joined_commands(*entry.command);
      out += fmt::format("complete -c quire -n {} -a {} -d {}\n", in_quotes(rule), child.name, in_quotes(child.text));
    }
    for (const OptionDescription& option : entry.command->options) {
      out += begin;
      for (const std::string& name : option.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.value.empty()) out += option.choices.empty() ? " -r -F" : " -x";
      if (!option.choices.empty()) out += " -a " + in_quotes(fmt::format("{}", fmt::join(option.choices, " ")));
      out += " -d " + in_quotes(option.text) + "\n";
    }
    for (const PositionalDescription& positional : entry.command->positionals) {
      if (wants_models(positional.value)) out += begin + " -a '(__quire_models)'\n";
      if (wants_files(positional.value)) out += begin + " -F\n";
    }
  }
  return out;
}

}  // namespace

Result<std::string> completion_script(const CommandDescription& program, std::string_view shell) {
  if (shell == "bash") return bash_script(program);
  if (shell == "zsh") return zsh_script(program);
  if (shell == "fish") return fish_script(program);
  return fail(ErrorKind::unsupported, fmt::format("no completion for '{}'; there are bash, zsh and fish", shell));
}

}  // namespace quire::cli
