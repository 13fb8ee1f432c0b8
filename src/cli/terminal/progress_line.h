// One line on a terminal that says how far something is.
#pragma once

#include <string>

namespace quire::cli {

// Redraws itself on standard error; where that is no terminal it writes nothing. One thread.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();  // leaves an empty line behind
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const std::string& text);
  void clear();

 private:
  bool shown_;
  bool drawn_ = false;
};

}  // namespace quire::cli
