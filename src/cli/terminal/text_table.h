// Columns for people: what commands print on a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire::cli {

// Rows of cells, padded to their columns' widths. The first row is the heading. Cells of numbers go to the right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
  // REQUIRES: as many cells as the heading has.
  void add(std::vector<std::string> row);
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Characters as a terminal counts them, near enough: code points of UTF-8.
size_t display_width(std::string_view text);
// The last `width` code points of the text, on one line: control characters become spaces.
std::string one_line_tail(std::string_view text, size_t width);
std::string one_line_head(std::string_view text, size_t width);

std::string format_bytes(uint64_t bytes);  // "1.2 GB": powers of ten, as model sizes are given
std::string format_duration(int64_t ns);   // "1.234 s", "56.7 ms"
std::string format_count(double count);    // three significant digits below a hundred, whole above

}  // namespace quire::cli
