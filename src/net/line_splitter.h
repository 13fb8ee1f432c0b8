// Lines out of pieces of a stream.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/function_ref.h"

namespace quire::net {

// Joins pieces and cuts them at line breaks ("\n", with or without a "\r" before it). One thread.
// Invariant: what it keeps has no line break and at most line_bytes_max bytes.
class LineSplitter {
 public:
  using OnLine = FunctionRef<bool(std::string_view line)>;
  enum class State : unsigned char { open, stopped, too_long };

  explicit LineSplitter(size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  // Hands over each line that is complete. After `stopped` (on_line returned false) or `too_long` nothing more is.
  State add(std::string_view bytes, OnLine on_line);
  // The stream has ended: the last line, if it had no line break.
  State finish(OnLine on_line);
  State state() const { return state_; }

 private:
  void hand_over(std::string_view line, OnLine on_line);

  const size_t line_bytes_max_;
  std::string rest_;
  State state_ = State::open;
};

}  // namespace quire::net
