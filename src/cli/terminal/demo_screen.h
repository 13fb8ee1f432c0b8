// Eight answers growing at once, for people who watch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quire::cli {

// On a terminal one line a context, redrawn in place; elsewhere plain lines, each a piece of one answer.
// One thread; writes to standard output.
class DemoScreen {
 public:
  DemoScreen(std::vector<std::string> prompts, bool terminal, size_t width);

  // More of an answer. now_ns is any clock that does not go back; a terminal is drawn at most thirty times a second.
  void grow(size_t context, std::string_view text, int64_t now_ns);
  void end(size_t context);
  // Draws what is left.
  void finish();

  const std::string& answer(size_t context) const { return lines_[context].answer; }

 private:
  struct Line {
    std::string prompt;
    std::string answer;
    size_t printed = 0;  // bytes of the answer that plain lines have shown
    bool ended = false;
  };

  void draw();
  void print_piece(size_t context, bool all);

  const bool terminal_;
  const size_t width_;
  std::vector<Line> lines_;
  bool drawn_ = false;
  int64_t drawn_ns_ = 0;
};

}  // namespace quire::cli
