#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/describe.h"

namespace quire::cli {
namespace {

// Text for roff: nothing in it is a request or an escape.
std::string roff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_begins = c == '\n';
  }
  return out;
}

std::string preformatted(std::string_view text) { return ".nf\n" + roff(text) + "\n.fi\n"; }

std::string synopsis(const CommandDescription& command, const std::string& path) {
  std::string line = fmt::format("\\fB{}\\fR", roff(path));
  if (!command.options.empty()) line += " [\\fIoptions\\fR]";
  for (const PositionalDescription& positional : command.positionals) {
    const std::string value = fmt::format("\\fI{}\\fR{}", roff(positional.value), positional.repeats ? "..." : "");
    line += positional.required ? " " + value : " [" + value + "]";
  }
  return line;
}

std::string option_entry(const OptionDescription& option) {
  std::string out = fmt::format(".TP\n\\fB{}\\fR", roff(fmt::format("{}", fmt::join(option.names, ", "))));
  if (!option.value.empty()) out += fmt::format(" \\fI{}\\fR", roff(option.value));
  out += "\n" + roff(option.text);
  if (!option.choices.empty()) out += roff(fmt::format(" ({})", fmt::join(option.choices, ", ")));
  return out + "\n";
}

void add_command(const CommandDescription& command, const std::string& path, std::string& out) {
  out += ".SS " + synopsis(command, path) + "\n" + roff(command.text) + ".\n";
  if (!command.aliases.empty()) out += roff(fmt::format("Also: {}.\n", fmt::join(command.aliases, ", ")));
  for (const OptionDescription& option : command.options) {
    if (option.names.back() != "--help") out += option_entry(option);
  }
  for (const PositionalDescription& positional : command.positionals) {
    out += fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(positional.value), roff(positional.text));
  }
  if (!command.footer.empty()) out += ".PP\n" + preformatted(command.footer);
  for (const CommandDescription& child : command.commands) add_command(child, path + " " + child.name, out);
}

}  // namespace

std::string man_page(const CommandDescription& program, std::string_view environment) {
  std::string out = ".\\\" Made by `quire man-page`.\n.TH QUIRE 1 \"\" \"quire " QUIRE_VERSION "\" \"quire\"\n";
  out += ".SH NAME\nquire \\- " + roff(program.text) + "\n";
  out += ".SH SYNOPSIS\n\\fBquire\\fR \\fIcommand\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]\n";
  out += ".SH COMMANDS\n";
  for (const CommandDescription& command : program.commands) add_command(command, "quire " + command.name, out);
  out += ".SH ENVIRONMENT\n" + preformatted(environment);
  out +=
      ".SH FILES\n.TP\n\\fI~/.quire/models\\fR\nThe models, where QUIRE_MODELS and OLLAMA_MODELS say nothing else.\n"
      ".TP\n\\fI~/.quire/history\\fR\nThe lines that were typed to quire run.\n"
      ".SH EXIT STATUS\n.TP\n0\nIt was done.\n.TP\n1\nIt could not be done; one line on standard error says why.\n"
      ".TP\n2\nThe arguments make no sense.\n"
      ".SH EXAMPLES\n.nf\nquire run llama3.2\nquire run llama3.2 \"Why is the sky blue?\"\n"
      "cat notes | quire run llama3.2 \"Summarize this\"\nquire serve\n.fi\n";
  return out;
}

}  // namespace quire::cli
