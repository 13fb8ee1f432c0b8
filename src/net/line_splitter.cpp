#include "net/line_splitter.h"

#include <algorithm>

namespace quire::net {

void LineSplitter::hand_over(std::string_view line, OnLine on_line) {
  if (line.size() > line_bytes_max_) {
    state_ = State::too_long;
    return;
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!on_line(line)) state_ = State::stopped;
}

LineSplitter::State LineSplitter::add(std::string_view bytes, OnLine on_line) {
  while (state_ == State::open && !bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      rest_ += bytes.substr(0, line_bytes_max_ + 1 - std::min(rest_.size(), line_bytes_max_));
      if (rest_.size() > line_bytes_max_) state_ = State::too_long;
      break;
    }
    if (rest_.empty()) {
      hand_over(bytes.substr(0, end), on_line);
    } else if (rest_.size() + end > line_bytes_max_) {
      state_ = State::too_long;
    } else {
      rest_ += bytes.substr(0, end);
      hand_over(rest_, on_line);
      rest_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
  if (state_ != State::open) rest_.clear();
  return state_;
}

LineSplitter::State LineSplitter::finish(OnLine on_line) {
  if (state_ == State::open && !rest_.empty()) hand_over(rest_, on_line);
  rest_.clear();
  return state_;
}

}  // namespace quire::net
