#include "cli/app.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

#include "cli/arguments/arguments.h"
#include "cli/client.h"
#include "cli/llama_server/llama_server_command.h"
#include "cli/nearest_name.h"
#include "engine/model_executor.h"

namespace quire::cli {
namespace {

constexpr int status_failed = 1;
constexpr int status_misused = 2;

// Adds commands and names the section of the help that they stand in; empty: they are hidden.
void add_section(CLI::App& app, Action& action, const char* title, void (*add)(CLI::App&, Action&)) {
  const size_t before = app.get_subcommands({}).size();
  add(app, action);
  const auto commands = app.get_subcommands({});
  for (size_t index = before; index < commands.size(); ++index) commands[index]->group(title);
}

// What a newcomer needs first comes first.
void add_commands(CLI::App& app, Action& action) {
  add_section(app, action, "Talk", add_conversation_commands);
  add_section(app, action, "Models", add_model_commands);
  add_section(app, action, "Server", add_server_commands);
  add_section(app, action, "Measure", add_measuring_commands);
  add_section(app, action, "Look inside", add_checking_commands);
  add_section(app, action, "Shell", add_description_commands);
  add_section(app, action, "", add_refused_commands);
}

// Another version may serve than the one that is asked.
void print_version() {
  fmt::print("quire version is {}\n", QUIRE_VERSION);
  constexpr int64_t patience_ms = 2000;
  auto client = Client::from_environment();
  if (!client) return;
  const auto reply = client->call("GET", "/api/version", nullptr, {.timeout_ms = patience_ms});
  if (!reply) return;
  // A server of another kind has one number only.
  const std::string own = text_at(*reply, "quire");
  const std::string served = own.empty() ? text_at(*reply, "version") : own;
  if (served != QUIRE_VERSION) fmt::print(stderr, "Warning: the server at {} is version {}\n", client->url(), served);
}

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
    for (const std::string& alias : command->get_aliases()) names.push_back(alias);
  }
  return names;
}

// `quire help COMMAND` is `quire COMMAND --help`.
std::vector<std::string> words_of(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || words[0] != "help") return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
}

// One line for a first word that is no command; empty: it is one, or an option.
std::string unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty() || words[0].starts_with('-')) return {};
  const std::vector<std::string> names = names_of(app);
  if (std::find(names.begin(), names.end(), words[0]) != names.end()) return {};
  std::vector<std::string> shown;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (!command->get_group().empty()) shown.push_back(command->get_name());
  }
  const std::string nearest = nearest_name(words[0], shown);
  const std::string advice =
      nearest.empty() ? "`quire --help` lists the commands" : fmt::format("did you mean `quire {}`?", nearest);
  return fmt::format("unknown command \"{}\": {}", words[0], advice);
}

// fmt throws where a stream takes no more, as on a full disk.
Result<int> run_action(const Action& action) {
  try {
    return action();
  } catch (const std::system_error& error) {
    return fail(ErrorKind::io, error.what());
  } catch (const DeviceLost& error) {
    return fail(ErrorKind::device, error.what());
  }
}

void print_error(const std::string& message) { fmt::print(stderr, "Error: {}\n", message); }

// The exit status of the program.
int run_and_report(const Action& action) {
  // What a server notes goes to standard error. One inside another command is silent: its client hears what is wrong.
  const auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("quire", sink));
  spdlog::set_level(spdlog::level::off);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of the write, as a full disk is
  Result<int> status = run_action(action);
  if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && status) {
    status = fail(ErrorKind::io, "the output could not be written in full");
  }
  if (status) return *status;
  print_error(status.error().message);
  return status_failed;
}

// Programs that start llama.cpp's server find this one where it lies under that name.
bool is_llama_server(std::string_view program) { return program.substr(program.rfind('/') + 1) == "llama-server"; }

}  // namespace

int run_program(int argc, const char* const* argv) {
  if (argc > 0 && is_llama_server(argv[0])) {
    return run_and_report([&] { return status_of(llama_server_command({argv + 1, argv + argc})); });
  }
  CLI::App app("Runs language models on this machine, and serves one to many at once.", "quire");
  bool wants_version = false;
  app.add_flag("-v,--version", wants_version, "Show the version, and whether the server has another");
  Action action;
  add_commands(app, action);
  std::vector<std::string> words = words_of(argc, argv);
  if (const std::string problem = unknown_command(app, words); !problem.empty()) {
    print_error(problem);
    return status_misused;
  }
  try {
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    app.parse(words);
    if (!wants_version && !action) throw CLI::CallForHelp();
  } catch (const CLI::CallForHelp& help) {
    app.exit(help);
    return argc > 1 ? 0 : status_misused;
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    print_error(error.what());
    return status_misused;
  }
  if (wants_version) {
    action = []() -> Result<int> {
      print_version();
      return 0;
    };
  }
  return run_and_report(action);
}

}  // namespace quire::cli
