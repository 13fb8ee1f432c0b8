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

std::string format_duration(int64_t ns);  // "1.234 s", "56.7 ms"
std::string format_count(double count);   // three significant digits below a hundred, whole above

}  // namespace quire::cli
