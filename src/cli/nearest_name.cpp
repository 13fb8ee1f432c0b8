#include "cli/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace quire::cli {

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
  std::string nearest;
  size_t least = std::max<size_t>(word.size() / 3, 1) + 1;  // more changes than that, and it is another word
  for (const std::string& name : names) {
    if (word.size() >= 2 && name.starts_with(word)) return name;
    // The rows of Levenshtein's table, two letters that changed places counting as one change.
    std::vector<size_t> before, row(name.size() + 1), above(name.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (size_t i = 1; i <= word.size(); ++i) {
      before = std::exchange(above, row);
      row[0] = i;
      for (size_t j = 1; j <= name.size(); ++j) {
        const bool same = word[i - 1] == name[j - 1];
        row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
        const bool swapped = i > 1 && j > 1 && word[i - 1] == name[j - 2] && word[i - 2] == name[j - 1];
        if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    if (row.back() < least) {
      least = row.back();
      nearest = name;
    }
  }
  return nearest;
}

}  // namespace quire::cli
