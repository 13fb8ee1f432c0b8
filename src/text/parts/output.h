// The parts of an answer as a parser finds them: joined, numbered, and without the white space around them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/parts/parts.h"

namespace quire::parts {

// One answer's. One thread. Invariant: at most one call is open, and arguments given while none is open wait for the
// next.
class Output {
 public:
  // Where parts go until the next call of this.
  void to(std::vector<Part>* parts) {
    parts_ = parts;
    first_ = parts == nullptr ? 0 : parts->size();
  }

  // White space waits for what follows it: it is dropped where the text ends there.
  void content(std::string_view text) { give_text(text, false); }
  void thinking(std::string_view text) { give_text(text, true); }
  // Thinking or a call begins or ends here: white space before and after is not text.
  void drop_space();
  // The answer ends here; white space that waits is text after all.
  void finish_text();
  // Text that is not white since then.
  bool has_text() const { return has_text_; }

  void begin_call(std::string_view name, std::string_view id);
  void arguments(std::string_view text);
  void end_call();
  // No call begins after all: what it would have had is let go.
  void abandon_call() { waiting_arguments_.clear(); }
  bool call_is_open() const { return open_; }
  size_t calls() const { return calls_; }  // that have ended

 private:
  void give_text(std::string_view text, bool thinking);
  void append_text(std::string_view text, bool thinking);

  std::vector<Part>* parts_ = nullptr;
  size_t first_ = 0;   // parts before this one are the caller's
  std::string space_;  // white space that waits
  bool space_is_thinking_ = false;
  bool drops_ = false;  // white space is dropped until there is text
  bool has_text_ = false;
  size_t calls_ = 0;
  bool open_ = false;
  std::string waiting_arguments_;
};

}  // namespace quire::parts
