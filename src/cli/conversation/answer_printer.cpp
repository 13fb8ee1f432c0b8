#include "cli/conversation/answer_printer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/terminal.h"

namespace quire::cli {
namespace {

constexpr const char* grey = "\x1b[90m";
constexpr const char* grey_bold = "\x1b[1;90m";
constexpr const char* plain = "\x1b[0m";

}  // namespace

AnswerPrinter::AnswerPrinter(const Options& options)
    : terminal_(::isatty(STDOUT_FILENO) == 1),
      wraps_(options.wraps && terminal_),
      hides_thinking_(options.hides_thinking) {}

bool AnswerPrinter::add(std::string_view text, std::string_view thinking) {
  if (!thinking.empty() && !hides_thinking_) {
    if (!thinks_) {
      thinks_ = true;
      fmt::print("{}Thinking...\n{}", terminal_ ? grey_bold : "", terminal_ ? fmt::format("{}{}", plain, grey) : "");
    }
    print(thinking);
    thought_line_ended_ = thinking.ends_with('\n');
  }
  if (!text.empty()) {
    end_thinking();
    print(text);
  }
  return std::fflush(stdout) == 0;
}

void AnswerPrinter::end_thinking() {
  if (!thinks_) return;
  thinks_ = false;
  if (!thought_line_ended_) fmt::print("\n");
  fmt::print("{}...done thinking.\n\n{}", terminal_ ? grey_bold : "", terminal_ ? plain : "");
  wrap_ = WordWrap();
}

void AnswerPrinter::end() {
  if (thinks_ && terminal_) fmt::print("{}", plain);
  thinks_ = false;
}

void AnswerPrinter::print(std::string_view text) {
  if (wraps_) {
    fmt::print("{}", wrap_.add(text, terminal_columns(STDOUT_FILENO)));
  } else {
    fmt::print("{}", text);
  }
}

void AnswerPrinter::note(const AnswerStats& stats, bool verbose) const {
  if (stats.prompt_truncated) {
    const bool colours = ::isatty(STDERR_FILENO) == 1;
    fmt::print(stderr, "{}The conversation no longer fits into the context: its oldest turns were left out.{}\n",
               colours ? grey : "", colours ? plain : "");
  }
  if (verbose) fmt::print(stderr, "{}", stats_text(stats));
}

}  // namespace quire::cli
