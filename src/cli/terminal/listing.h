// Tables as Ollama's command line prints them: cells to the left, four spaces between columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quire::cli {

// Rows may have fewer cells than others. One thread.
class Listing {
 public:
  // Cells wider than `cell_columns_max` are wrapped between words; a word wider than that widens the limit of its cell.
  explicit Listing(std::vector<std::string> heading = {}, size_t cell_columns_max = 30)
      : heading_(std::move(heading)), cell_columns_max_(cell_columns_max) {}

  // What strangers named cannot move the cursor: control characters are shown as \xNN.
  void add(std::vector<std::string> cells);
  // Each line ends with spaces up to its last column's width, as Ollama's do.
  std::string text() const;

 private:
  const std::vector<std::string> heading_;
  const size_t cell_columns_max_;
  std::vector<std::vector<std::vector<std::string>>> rows_;  // (rows, cells, lines of a cell)
};

// Lines of at most `columns`, as even as they get: the sum of the squares of what each but the last leaves free is the
// least there is. Words are what spaces part.
std::vector<std::string> wrap_evenly(std::string_view text, size_t columns);

}  // namespace quire::cli
