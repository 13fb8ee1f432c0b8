// An answer on standard output, as it comes.
#pragma once

#include <string>
#include <string_view>

#include "cli/conversation/answer_lines.h"
#include "cli/terminal/word_wrap.h"

namespace quire::cli {

// One answer. Words are wrapped and thoughts set apart in grey where the output is a terminal. One thread.
class AnswerPrinter {
 public:
  struct Options {
    bool wraps = true;  // on a terminal
    bool hides_thinking = false;
  };
  explicit AnswerPrinter(const Options& options);

  // False: nobody reads any more.
  bool add(std::string_view text, std::string_view thinking);
  // Nothing more comes: the colour of thoughts that led to no answer ends here.
  void end();
  // What has to be said behind an answer about it, on standard error: that its prompt was shortened, its counts.
  void note(const AnswerStats& stats, bool verbose) const;

 private:
  void print(std::string_view text);
  void end_thinking();

  const bool terminal_;
  const bool wraps_;
  const bool hides_thinking_;
  WordWrap wrap_;
  bool thinks_ = false;
  bool thought_line_ended_ = true;
};

}  // namespace quire::cli
