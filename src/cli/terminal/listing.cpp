#include "cli/terminal/listing.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/shown.h"
#include "cli/terminal/human.h"

namespace quire::cli {
namespace {

constexpr std::string_view gap = "    ";
constexpr size_t blank_columns = 2;  // of a cell beside the later lines of a wrapped one, at least

struct Word {
  std::string_view text;
  size_t columns;
};

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    words.push_back({.text = word, .columns = column_count(word)});
    begin = end + 1;
  }
  return words;
}

// As shown() has it, except for breaks between lines and tabs, which are what texts are made of.
std::string shown_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of("\n\t"), text.size());
    out += shown(text.substr(0, end));
    if (end < text.size()) out += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

std::vector<std::string> wrap_evenly(std::string_view text, size_t columns) {
  std::string flat(text);
  std::replace(flat.begin(), flat.end(), '\n', ' ');
  const std::vector<Word> words = words_of(flat);
  for (const Word& word : words) columns = std::max(columns, word.columns);

  // cost[i]: of the words from i on; next[i]: where the line that begins with word i ends.
  std::vector<uint64_t> cost(words.size() + 1, 0);
  std::vector<size_t> next(words.size(), 0);
  for (size_t first = words.size(); first-- > 0;) {
    cost[first] = std::numeric_limits<uint64_t>::max();
    size_t length = words[first].columns;
    for (size_t end = first + 1; length <= columns; ++end) {
      const uint64_t left = end == words.size() ? 0 : columns - length;
      const uint64_t total = left * left + cost[end];
      if (total < cost[first] || end == words.size()) {
        cost[first] = total;
        next[first] = end;
      }
      if (end == words.size()) break;
      length += 1 + words[end].columns;
    }
  }
  std::vector<std::string> lines;
  for (size_t first = 0; first < words.size(); first = next[first]) {
    std::string line(words[first].text);
    for (size_t index = first + 1; index < next[first]; ++index) line.append(" ").append(words[index].text);
    lines.push_back(std::move(line));
  }
  return lines;
}

void Listing::add(std::vector<std::string> cells) {
  auto& row = rows_.emplace_back();
  for (std::string& cell : cells) {
    if (!is_showable(cell)) cell = shown_lines(cell);
    const bool fits = column_count(cell) <= cell_columns_max_ && cell.find('\n') == std::string::npos;
    row.push_back(fits ? std::vector{std::move(cell)} : wrap_evenly(cell, cell_columns_max_));
  }
}

std::string Listing::text() const {
  std::vector<size_t> widths(heading_.size(), 0);
  for (size_t column = 0; column < heading_.size(); ++column) widths[column] = column_count(heading_[column]);
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t column = 0; column < row.size(); ++column) {
      if (row[column].size() > 1) widths[column] = std::max(widths[column], cell_columns_max_);
      for (const std::string& line : row[column]) widths[column] = std::max(widths[column], column_count(line));
    }
  }
  const auto padded = [&](const std::string& cell, size_t column) {
    return cell + std::string(widths[column] - column_count(cell), ' ');
  };
  std::string out;
  for (size_t column = 0; column < heading_.size(); ++column) {
    out.append(padded(heading_[column], column)).append(column + 1 == heading_.size() ? " \n" : gap);
  }
  for (const auto& row : rows_) {
    size_t height = 0;
    for (const auto& cell : row) height = std::max(height, cell.size());
    for (size_t line = 0; line < height; ++line) {
      for (size_t column = 0; column < row.size(); ++column) {
        const bool there = line < row[column].size();
        std::string cell = there ? row[column][line] : std::string(std::max(widths[column], blank_columns), ' ');
        out.append(there ? padded(cell, column) : cell).append(gap);
      }
      out += '\n';
    }
  }
  return out;
}

}  // namespace quire::cli
