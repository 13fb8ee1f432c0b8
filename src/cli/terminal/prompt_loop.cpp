#include "cli/terminal/prompt_loop.h"

#include <editline/readline.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "cli/commands/show_command.h"
#include "cli/terminal/text_table.h"

namespace quire::cli {
namespace {

constexpr const char* help_text =
    "  /set parameter NAME VALUE   a sampling parameter, such as temperature or seed\n"
    "  /set system TEXT            the system message\n"
    "  /set verbose | quiet        counts and rates after each answer\n"
    "  /show                       what is known of the model\n"
    "  /clear                      forget what was said\n"
    "  /bye                        leave (so does Ctrl-D)\n"
    "  /?, /help                   this\n"
    "  \"\"\"                         begins and ends a message of several lines\n";

// Lines with history and editing; the history is a file in the home directory unless the environment says no.
class LineReader {
 public:
  LineReader() {
    using_history();
    const char* home = std::getenv("HOME");
    const bool unwanted = std::getenv("QUIRE_NOHISTORY") != nullptr || std::getenv("OLLAMA_NOHISTORY") != nullptr;
    if (home == nullptr || unwanted) return;
    std::error_code ignored;
    const std::filesystem::path folder = std::filesystem::path(home) / ".quire";
    std::filesystem::create_directories(folder, ignored);
    file_ = folder / "history";
    read_history(file_.c_str());
  }
  ~LineReader() {
    if (!file_.empty()) write_history(file_.c_str());
  }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // Nothing at the end of input.
  std::optional<std::string> read(const char* prompt) {
    char* line = readline(prompt);
    if (line == nullptr) return std::nullopt;
    std::string text(line);
    std::free(line);
    if (!text.empty()) add_history(text.c_str());
    return text;
  }

 private:
  std::filesystem::path file_;
};

// A line, or several between """ and """.
std::optional<std::string> read_message(LineReader& reader) {
  std::optional<std::string> line = reader.read(">>> ");
  if (!line || !line->starts_with("\"\"\"")) return line;
  std::string message = line->substr(3);
  for (;;) {
    if (message.ends_with("\"\"\"")) return message.substr(0, message.size() - 3);
    line = reader.read("... ");
    if (!line) return message;
    message += "\n" + *line;
  }
}

class Prompt {
 public:
  Prompt(Conversation& conversation, bool verbose, HeldSignals& signals)
      : conversation_(conversation), verbose_(verbose), signals_(signals) {}

  Result<void> run() {
    for (;;) {
      const std::optional<std::string> message = read_message(reader_);
      if (!message || *message == "/bye" || *message == "/exit") return {};
      if (message->empty()) continue;
      if (message->starts_with('/')) {
        command(*message);
      } else {
        answer(*message);
      }
    }
  }

 private:
  void answer(const std::string& message) {
    const auto print = [](std::string_view text) {
      fmt::print("{}", text);
      std::fflush(stdout);
      return true;
    };
    const auto stats = conversation_.say(message, print, [&] { return !signals_.pending(); });
    signals_.forget();
    fmt::print("\n\n");
    if (!stats) {
      fmt::print(stderr, "{}\n", stats.error().message);
    } else if (verbose_) {
      fmt::print(stderr, "{}\n", stats_text(*stats));
    }
  }

  void command(const std::string& line) {
    if (line == "/?" || line == "/help") {
      fmt::print("{}", help_text);
    } else if (line == "/clear") {
      conversation_.forget();
      fmt::print("forgotten\n");
    } else if (line == "/show") {
      report(print_model(conversation_.endpoint(), {.model = conversation_.model()}));
    } else if (line == "/set verbose" || line == "/set quiet") {
      verbose_ = line == "/set verbose";
    } else if (line.starts_with("/set system ")) {
      conversation_.set_system(line.substr(12));
    } else if (line.starts_with("/set parameter ")) {
      const std::string rest = line.substr(15);
      const size_t space = rest.find(' ');
      const std::string value = space == std::string::npos ? "" : rest.substr(space + 1);
      report(conversation_.set_parameter(rest.substr(0, space), value));
    } else {
      fmt::print("unknown command '{}'; /? lists them\n", line);
    }
  }

  static void report(const Result<void>& result) {
    if (!result) fmt::print(stderr, "{}\n", result.error().message);
  }

  Conversation& conversation_;
  bool verbose_;
  HeldSignals& signals_;
  LineReader reader_;
};

}  // namespace

Result<void> converse(Conversation& conversation, bool verbose, HeldSignals& signals) {
  return Prompt(conversation, verbose, signals).run();
}

std::string stats_text(const AnswerStats& stats) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) { text += fmt::format("{:<22}{}\n", name, value); };
  const auto add_time = [&](const char* name, int64_t ns) {
    if (ns >= 0) add(name, format_duration(ns));
  };
  const auto add_rate = [&](const char* name, int64_t tokens, int64_t ns) {
    if (tokens > 0 && ns > 0) {
      add(name, format_count(static_cast<double>(tokens) * 1e9 / static_cast<double>(ns)) + " tokens/s");
    }
  };
  const auto add_count = [&](const char* name, int64_t count) {
    if (count >= 0) add(name, fmt::format("{} tokens", count));
  };
  add_time("total duration:", stats.total_ns);
  add_time("load duration:", stats.load_ns);
  add_time("queue duration:", stats.queue_ns);
  add_count("prompt eval count:", stats.prompt_tokens);
  add_count("prompt eval cached:", stats.cached_tokens);
  add_time("prompt eval duration:", stats.prompt_ns);
  add_rate("prompt eval rate:", stats.prompt_tokens - std::max<int64_t>(0, stats.cached_tokens), stats.prompt_ns);
  add_count("eval count:", stats.generated_tokens);
  add_time("eval duration:", stats.generate_ns);
  add_rate("eval rate:", stats.generated_tokens, stats.generate_ns);
  return text;
}

}  // namespace quire::cli
