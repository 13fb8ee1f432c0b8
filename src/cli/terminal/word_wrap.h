// An answer as it comes, broken between words at the width of a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quire::cli {

// A word is printed as its letters arrive; one that turns out too long for its line is taken back and begins the next.
// One answer; one thread.
class WordWrap {
 public:
  // What to print for more of the answer on a terminal `columns` wide. A terminal of less than ten columns is left
  // alone. REQUIRES: UTF-8, whole characters.
  std::string add(std::string_view text, size_t columns);

 private:
  void add_character(std::string_view character, size_t columns, std::string& out);

  size_t line_columns_ = 0;
  std::string word_;  // the last one of the line, as far as it has come
};

}  // namespace quire::cli
