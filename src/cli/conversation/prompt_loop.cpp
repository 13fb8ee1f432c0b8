#include "cli/conversation/prompt_loop.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "cli/conversation/answer_printer.h"
#include "cli/conversation/line_editor.h"
#include "cli/conversation/session_commands.h"

namespace quire::cli {
namespace {

// Empty: the environment does not want one, or there is no home for it.
std::filesystem::path history_file() {
  const char* home = std::getenv("HOME");
  const bool unwanted = std::getenv("QUIRE_NOHISTORY") != nullptr || std::getenv("OLLAMA_NOHISTORY") != nullptr;
  if (home == nullptr || unwanted) return {};
  return std::filesystem::path(home) / ".quire" / "history";
}

class Prompt {
 public:
  Prompt(Conversation& conversation, const PromptOptions& options, HeldSignals& signals)
      : session_{.conversation = conversation,
                 .options = options,
                 .keep_going = [&signals] { return !signals.pending(); }},
        signals_(signals),
        editor_(signals, history_file()) {}

  Result<void> run() {
    while (!session_.ended) {
      LineEditor::Line line = editor_.read(">>> ", "Send a message (/? for help)");
      if (line.end == LineEditor::End::input_ended) return {};
      if (line.end == LineEditor::End::interrupted) {
        if (line.text.empty()) fmt::print("Ctrl-D or /bye leaves.\n");
        continue;
      }
      if (line.text.empty()) continue;
      QUIRE_TRY_VOID(handle(line.text));
      editor_.set_history(session_.remembers_lines);
    }
    return {};
  }

 private:
  Result<void> handle(const std::string& line) {
    if (const auto first = begun_system_message(line)) {
      if (const auto text = read_on(*first)) set_system_message(session_, *text);
      return {};
    }
    if (line.starts_with(message_quotes)) {
      const auto text = read_on(line.substr(message_quotes.size()));
      return text && !text->empty() ? answer(*text) : Result<void>();
    }
    const bool pasted = line.find('\n') != std::string::npos;  // no command has two lines
    if (pasted || !line.starts_with('/')) return answer(line);
    run_session_command(session_, line);
    signals_.forget();
    return {};
  }

  // More lines until one ends with """. Nothing: the person changed their mind.
  std::optional<std::string> read_on(std::string text) {
    while (!text.ends_with(message_quotes)) {
      const LineEditor::Line line = editor_.read("... ", {});
      if (line.end != LineEditor::End::line) return std::nullopt;
      text += "\n" + line.text;
    }
    text.resize(text.size() - message_quotes.size());
    return text;
  }

  Result<void> answer(const std::string& message) {
    if (const auto seen = refuse_pictures(message); !seen) {
      fmt::print(stderr, "error: {}\n\n", seen.error().message);
      return {};
    }
    AnswerPrinter printer({.wraps = session_.options.wraps, .hides_thinking = session_.options.hides_thinking});
    const auto print = [&](std::string_view text, std::string_view thinking) { return printer.add(text, thinking); };
    const auto stats = session_.conversation.say(message, print, session_.keep_going);
    signals_.forget();
    printer.end();
    fmt::print("\n\n");
    if (stats) {
      printer.note(*stats, session_.options.verbose);
    } else {
      // The next message may fare better, unless nobody is there to answer it.
      fmt::print(stderr, "error: {}\n", stats.error().message);
      if (stats.error().kind == ErrorKind::io && !session_.conversation.client().answers()) {
        return std::unexpected(stats.error());
      }
    }
    return {};
  }

  Session session_;
  HeldSignals& signals_;
  LineEditor editor_;
};

}  // namespace

Result<void> converse(Conversation& conversation, const PromptOptions& options, HeldSignals& signals) {
  use_utf8_locale();
  return Prompt(conversation, options, signals).run();
}

}  // namespace quire::cli
