// Letters, blanks and lists of ASCII, whatever the locale: names, headers and keywords of texts from outside.
// Stateless; any thread.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace quire {

constexpr char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Bytes beyond ASCII stay as they are.
inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = lower_case(c);
  return lower;
}

inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower_case(x) == lower_case(y); });
}

// Without the characters of `around` at both ends.
constexpr std::string_view trimmed(std::string_view text, std::string_view around = " \t\r\n") {
  text.remove_prefix(std::min(text.find_first_not_of(around), text.size()));
  return text.substr(0, text.find_last_not_of(around) + 1);
}

// What stands between commas, without the blanks around it. Nothing comes after a last comma.
inline std::vector<std::string_view> comma_items(std::string_view text) {
  std::vector<std::string_view> items;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    items.push_back(trimmed(item, " \t"));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
  }
  return items;
}

}  // namespace quire
