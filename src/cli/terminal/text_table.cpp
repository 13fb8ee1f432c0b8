#include "cli/terminal/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/check.h"
#include "base/shown.h"
#include "cli/terminal/human.h"

namespace quire::cli {
namespace {

// "12", "1.5", "3.2 GB"; "-" stands for a number that is not there.
bool is_number(std::string_view cell) {
  const std::string_view digits = cell.substr(0, cell.find(' '));
  return cell == "-" || (!digits.empty() && digits.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace

void TextTable::add(std::vector<std::string> row) {
  QUIRE_CHECK(row.size() == rows_[0].size(), "a row has a cell for each column");
  for (std::string& cell : row) cell = shown(cell);
  rows_.push_back(std::move(row));
}

std::string TextTable::text() const {
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t column = 0; column < row.size(); ++column) {
      size_t width = 0;
      bool numbers = rows_.size() > 1;
      for (size_t index = 0; index < rows_.size(); ++index) {
        width = std::max(width, column_count(rows_[index][column]));
        numbers = numbers && (index == 0 || is_number(rows_[index][column]));
      }
      const std::string padding(width - column_count(row[column]), ' ');
      line += numbers ? padding + row[column] : row[column] + padding;
      line += "   ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string format_duration(int64_t ns) {
  const double ms = static_cast<double>(ns) / 1e6;
  if (ms >= 1000) return fmt::format("{:.3f} s", ms / 1000);
  return ms >= 10 ? fmt::format("{:.1f} ms", ms) : fmt::format("{:.2f} ms", ms);
}

std::string format_count(double count) {
  if (count >= 100) return fmt::format("{:.0f}", count);
  return count >= 10 ? fmt::format("{:.1f}", count) : fmt::format("{:.2f}", count);
}

}  // namespace quire::cli
