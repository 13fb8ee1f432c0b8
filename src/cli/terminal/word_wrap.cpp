#include "cli/terminal/word_wrap.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal/human.h"
#include "text/utf8.h"

namespace quire::cli {
namespace {

constexpr size_t columns_min = 10;
constexpr size_t margin_columns = 5;  // at the right, as Ollama leaves it

}  // namespace

std::string WordWrap::add(std::string_view text, size_t columns) {
  if (columns < columns_min) return std::string(text);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t size = std::max<size_t>(utf8_character_size(text, at), 1);
    add_character(text.substr(at, size), columns, out);
    at += size;
  }
  return out;
}

void WordWrap::add_character(std::string_view character, size_t columns, std::string& out) {
  const size_t width = column_count(character);
  if (character == "\n" || character == "\r") {
    out += character;
    line_columns_ = 0;
    word_.clear();
    return;
  }
  if (line_columns_ + width > columns - margin_columns) {
    const size_t word_columns = column_count(word_);
    if (character == " ") {  // the break itself; what comes next decides whether there is a line to begin
      word_.clear();
      return;
    }
    if (word_columns + columns_min > columns) {
      // No line could hold this word: the terminal breaks it where it must.
      out += character;
      word_ += character;
      line_columns_ = (line_columns_ + width) % columns;
      return;
    }
    if (word_columns > 0) out += fmt::format("\x1b[{}D", word_columns);
    out += "\x1b[K\n";
    out += word_;
    line_columns_ = word_columns;
  }
  out += character;
  line_columns_ += width;
  if (character == " " || character == "\t" || width >= 2) {
    word_.clear();
  } else {
    word_ += character;
  }
}

}  // namespace quire::cli
