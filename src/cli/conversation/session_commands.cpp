#include "cli/conversation/session_commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdio>
#include <iterator>
#include <sstream>

#include "cli/commands/list_command.h"
#include "cli/commands/show_command.h"
#include "cli/conversation/session_help.h"

namespace quire::cli {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

Words words_of(std::string_view line) {
  std::istringstream in{std::string(line)};
  return {std::istream_iterator<std::string>(in), {}};
}

// The words of a parameter's value; quotes hold one together, as in /set parameter stop "two words".
Words values_of(const Words& words, size_t first) {
  Words values;
  bool open = false;
  for (size_t index = first; index < words.size(); ++index) {
    std::string word = words[index];
    if (open) {
      values.back() += " " + word;
    } else {
      values.push_back(word);
    }
    std::string& value = values.back();
    open = value.starts_with('"') && (value.size() == 1 || !value.ends_with('"'));
    if (!open && value.size() >= 2 && value.starts_with('"')) value = value.substr(1, value.size() - 2);
  }
  return values;
}

void report(const Result<void>& result, const std::string& success) {
  if (result) {
    fmt::print("{}\n", success);
  } else {
    fmt::print("error: {}\n", result.error().message);
  }
}

void set_parameter(Session& session, const Words& words) {
  if (words.size() < 4) {
    fmt::print(stderr, "{}", help_of_parameters);
    return;
  }
  const Words values = values_of(words, 3);
  report(session.conversation.set_parameter(words[2], values),
         fmt::format("Set parameter '{}' to '{}'", words[2], fmt::join(values, ", ")));
}

void set_format(Session& session, const Words& words) {
  if (words[1] == "noformat") {
    report(session.conversation.set_format(""), "Disabled format.");
  } else if (words.size() == 3 && words[2] == "json") {
    report(session.conversation.set_format("json"), "Set format to 'json' mode.");
  } else {
    fmt::print("The format that can be set is json: /set format json\n");
  }
}

void set_think(Session& session, const Words& words) {
  const bool level = words[1] == "think" && words.size() > 2;
  report(session.conversation.set_think(level                 ? words[2]
                                        : words[1] == "think" ? "true"
                                                              : "false"),
         fmt::format("Set '{}' mode{}.", words[1], level ? fmt::format(" to '{}'", words[2]) : ""));
}

void set_switch(Session& session, const std::string& name) {
  struct Switch {
    const char* name;
    bool Session::*member;
    bool PromptOptions::*option;
    bool value;
  };
  constexpr std::array<Switch, 6> switches = {{{"verbose", nullptr, &PromptOptions::verbose, true},
                                               {"quiet", nullptr, &PromptOptions::verbose, false},
                                               {"wordwrap", nullptr, &PromptOptions::wraps, true},
                                               {"nowordwrap", nullptr, &PromptOptions::wraps, false},
                                               {"history", &Session::remembers_lines, nullptr, true},
                                               {"nohistory", &Session::remembers_lines, nullptr, false}}};
  for (const Switch& one : switches) {
    if (name != one.name) continue;
    (one.member != nullptr ? session.*one.member : session.options.*one.option) = one.value;
    if (one.option != nullptr) fmt::print("Set '{}' mode.\n", name);
    return;
  }
  fmt::print("Unknown command '/set {}'. Type /? for help\n", name);
}

void set(Session& session, const Words& words) {
  if (words.size() < 2) {
    fmt::print(stderr, "{}", help_of_set);
  } else if (words[1] == "parameter") {
    set_parameter(session, words);
  } else if (words[1] == "system") {
    if (words.size() < 3) {
      fmt::print(stderr, "{}", help_of_set);
      return;
    }
    set_system_message(session, fmt::format("{}", fmt::join(words.begin() + 2, words.end(), " ")));
  } else if (words[1] == "format" || words[1] == "noformat") {
    set_format(session, words);
  } else if (words[1] == "think" || words[1] == "nothink") {
    set_think(session, words);
  } else {
    set_switch(session, words[1]);
  }
}

void show_parameters(const Session& session, const json& shown) {
  fmt::print("Model defined parameters:\n");
  const std::string own = text_at(shown, "parameters");
  if (own.empty()) fmt::print("  No additional parameters were specified for this model.\n");
  std::istringstream lines(own);
  for (std::string line; std::getline(lines, line);) fmt::print("  {}\n", line);
  fmt::print("\n");
  if (session.conversation.parameters().empty()) return;
  fmt::print("User defined parameters:\n");
  for (const auto& [name, value] : session.conversation.parameters().items()) {
    if (!value.is_array()) {
      fmt::print("  {:<30} {}\n", name, value.dump());
      continue;
    }
    for (const json& one : value) fmt::print("  {:<30} {}\n", name, one.dump());
  }
  fmt::print("\n");
}

void show(Session& session, const Words& words) {
  if (words.size() < 2) {
    fmt::print(stderr, "{}", help_of_show);
    return;
  }
  const std::string& part = words[1];
  json body = {{"model", session.conversation.model()}};
  if (!session.conversation.system().empty()) body["system"] = session.conversation.system();
  if (!session.conversation.parameters().empty()) body["options"] = session.conversation.parameters();
  const auto shown = session.conversation.client().call("POST", "/api/show", body);
  if (!shown) {
    fmt::print("error: {}\n", shown.error().message);
    return;
  }
  const auto print_or = [&](const std::string& text, const char* absent) {
    fmt::print("{}\n", text.empty() ? std::string(absent) : text);
  };
  if (part == "info") {
    fmt::print("{}", overview_text(*shown, false));
  } else if (part == "license") {
    print_or(text_at(*shown, "license"), "No license was specified for this model.");
  } else if (part == "modelfile") {
    fmt::print("{}\n", text_at(*shown, "modelfile"));
  } else if (part == "parameters") {
    show_parameters(session, *shown);
  } else if (part == "system") {
    const std::string& own = session.conversation.system();
    print_or(own.empty() ? text_at(*shown, "system") : own, "No system message was specified for this model.");
  } else if (part == "template") {
    print_or(text_at(*shown, "template"), "No prompt template was specified for this model.");
  } else {
    fmt::print("Unknown command '/show {}'. Type /? for help\n", part);
  }
}

void load_named(Session& session, const Words& words) {
  if (words.size() != 2) {
    fmt::print("Usage:\n  /load MODEL\n");
    return;
  }
  const std::string before = session.conversation.model();
  fmt::print("Loading model '{}'\n", words[1]);
  const auto shown = session.conversation.client().call("POST", "/api/show", {{"model", words[1]}});
  if (!shown) {
    if (shown.error().kind == ErrorKind::not_found) {
      fmt::print("Couldn't find model '{}'\n", words[1]);
    } else {
      fmt::print("error: {}\n", shown.error().message);
    }
    return;
  }
  session.conversation.change_model(words[1]);
  if (const auto loaded = session.conversation.load(session.keep_going); !loaded) {
    fmt::print("error: {}\n", loaded.error().message);
    session.conversation.change_model(before);
  }
}

void save(Session& session, const Words& words) {
  if (words.size() != 2) {
    fmt::print("Usage:\n  /save MODEL\n");
    return;
  }
  report(session.conversation.save(words[1]), fmt::format("Created new model '{}'", words[1]));
}

void clear(Session& session, const Words&) {
  session.conversation.forget();
  fmt::print("Cleared session context\n");
}

void list(Session& session, const Words& words) {
  const auto text = list_text(session.conversation.client(), words.size() > 1 ? words[1] : "");
  fmt::print("{}", text ? *text : fmt::format("error: {}\n", text.error().message));
}

void help(Session&, const Words& words) {
  const std::string about = words.size() > 1 ? words[1] : "";
  const char* text = about.ends_with("set")          ? help_of_set
                     : about.ends_with("show")       ? help_of_show
                     : about.starts_with("shortcut") ? help_of_shortcuts
                                                     : help_text;
  fmt::print(stderr, "{}\n", text);
}

void leave(Session& session, const Words&) { session.ended = true; }

struct Command {
  const char* name;
  void (*run)(Session&, const Words&);
};
constexpr std::array<Command, 10> commands = {{{"/set", set},
                                               {"/show", show},
                                               {"/list", list},
                                               {"/load", load_named},
                                               {"/save", save},
                                               {"/clear", clear},
                                               {"/help", help},
                                               {"/?", help},
                                               {"/bye", leave},
                                               {"/exit", leave}}};

}  // namespace

void run_session_command(Session& session, std::string_view line) {
  const Words words = words_of(line);
  for (const Command& command : commands) {
    if (words[0] == command.name) return command.run(session, words);
  }
  fmt::print("Unknown command '{}'. Type /? for help\n", words[0]);
}

std::optional<std::string> begun_system_message(std::string_view line) {
  constexpr std::string_view command = "/set system ";
  if (!line.starts_with(command)) return std::nullopt;
  line.remove_prefix(std::min(line.find_first_not_of(' ', command.size()), line.size()));
  if (!line.starts_with(message_quotes)) return std::nullopt;
  return std::string(line.substr(message_quotes.size()));
}

void set_system_message(Session& session, const std::string& text) {
  session.conversation.set_system(text);
  fmt::print("Set system message.\n");
}

}  // namespace quire::cli
