#include "cli/terminal/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "base/check.h"
#include "base/shown.h"

namespace quire::cli {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// "12", "1.5", "3.2 GB"; "-" stands for a number that is not there.
bool is_number(std::string_view cell) {
  const std::string_view digits = cell.substr(0, cell.find(' '));
  return cell == "-" || (!digits.empty() && digits.find_first_not_of("0123456789.") == std::string_view::npos);
}

std::string flattened(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20U || c == 0x7F) c = ' ';
  }
  return line;
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
        width = std::max(width, display_width(rows_[index][column]));
        numbers = numbers && (index == 0 || is_number(rows_[index][column]));
      }
      const std::string padding(width - display_width(row[column]), ' ');
      line += numbers ? padding + row[column] : row[column] + padding;
      line += "   ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

size_t display_width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string one_line_tail(std::string_view text, size_t width) {
  size_t begin = text.size();
  for (size_t shown = 0; begin > 0 && shown < width; ++shown) {
    do {
      --begin;
    } while (begin > 0 && is_continuation(text[begin]));
  }
  return flattened(text.substr(begin));
}

std::string one_line_head(std::string_view text, size_t width) {
  size_t end = 0;
  for (size_t shown = 0; end < text.size() && shown < width; ++shown) {
    do {
      ++end;
    } while (end < text.size() && is_continuation(text[end]));
  }
  return flattened(text.substr(0, end));
}

std::string format_bytes(uint64_t bytes) {
  constexpr std::array<const char*, 5> units = {"B", "KB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1000;
  return fmt::format("{:.{}f} {}", value, value < 10 && unit > 0 ? 1 : 0, units[unit]);
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
