// Lines that a person types at a terminal, with editing and a history.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "cli/terminal/signals.h"

namespace quire::cli {

// The process speaks UTF-8 from here on: the locale of the environment where it does, else C.UTF-8. Call it before the
// first LineEditor.
void use_utf8_locale();

// libedit on standard input and output. Text that is pasted between the marks of a terminal's bracketed paste is one
// line, whatever breaks it has. One thread; one at a time.
class LineEditor {
 public:
  enum class End { line, interrupted, input_ended };
  struct Line {
    End end = End::line;
    std::string text;  // UTF-8; what was typed before an interrupt, too
    bool operator==(const Line&) const = default;
  };

  // `signals` is borrowed. Where `history_file` is empty the history ends with the program.
  LineEditor(HeldSignals& signals, std::filesystem::path history_file);
  ~LineEditor();  // writes the history
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // Waits for a line. The placeholder is shown until something is typed. Ctrl-C is `interrupted`; SIGTERM and Ctrl-D
  // in an empty line are `input_ended`.
  Line read(std::string_view prompt, std::string_view placeholder);

  // Whether lines are remembered from now on.
  void set_history(bool wanted);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace quire::cli
