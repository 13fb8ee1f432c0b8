#include "cli/terminal/demo_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/terminal/human.h"

namespace quire::cli {
namespace {

constexpr int64_t draw_period_ns = 33'000'000;
constexpr size_t piece_bytes = 72;  // of an answer on a plain line

}  // namespace

DemoScreen::DemoScreen(std::vector<std::string> prompts, bool terminal, size_t width)
    : terminal_(terminal), width_(std::max<size_t>(width, 40)) {
  for (std::string& prompt : prompts) lines_.push_back({.prompt = std::move(prompt), .answer = {}});
}

void DemoScreen::grow(size_t context, std::string_view text, int64_t now_ns) {
  lines_[context].answer += text;
  if (!terminal_) return print_piece(context, false);
  if (drawn_ && now_ns - drawn_ns_ < draw_period_ns) return;
  drawn_ns_ = now_ns;
  draw();
}

void DemoScreen::end(size_t context) {
  lines_[context].ended = true;
  if (!terminal_) print_piece(context, true);
}

void DemoScreen::finish() {
  if (terminal_) draw();
}

// A line of a context: its number, its prompt, and as much of the answer's end as there is room for.
void DemoScreen::draw() {
  // Without wrapping: wide characters, or a terminal made narrower since, must not move the lines.
  std::string frame = "\x1b[?7l";
  if (drawn_) frame += fmt::format("\x1b[{}A", lines_.size());
  drawn_ = true;
  for (size_t context = 0; context < lines_.size(); ++context) {
    const Line& line = lines_[context];
    const std::string head = fmt::format("{} {} ", context + 1, line.ended ? "✓" : "›");
    const std::string text = one_line_tail(line.prompt + line.answer, width_ - column_count(head) - 1);
    frame += "\r\x1b[K" + head + text + "\n";
  }
  frame += "\x1b[?7h";
  std::fwrite(frame.data(), 1, frame.size(), stdout);
  std::fflush(stdout);
}

void DemoScreen::print_piece(size_t context, bool all) {
  Line& line = lines_[context];
  while (line.answer.size() - line.printed >= piece_bytes || (all && line.printed < line.answer.size())) {
    size_t end = std::min(line.printed + piece_bytes, line.answer.size());
    // Whole words where there are any.
    const size_t space = line.answer.rfind(' ', end - 1);
    if (end < line.answer.size() && space != std::string::npos && space > line.printed) end = space + 1;
    const std::string piece = line.answer.substr(line.printed, end - line.printed);
    fmt::print("[{}] {}\n", context + 1, one_line_head(piece, piece_bytes));
    line.printed = end;
  }
  std::fflush(stdout);
}

}  // namespace quire::cli
