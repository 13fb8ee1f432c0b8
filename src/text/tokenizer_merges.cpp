#include "text/tokenizer_merges.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <tuple>
#include <utility>

#include "gguf/printable.h"

namespace quire {

namespace {

constexpr std::string_view merges_key = "tokenizer.ggml.merges";

}  // namespace

Result<MergeTable> MergeTable::create(const Vocabulary& vocabulary, const std::vector<std::string>& lines) {
  if (lines.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return fail(ErrorKind::too_large,
                std::string(merges_key) + " has " + std::to_string(lines.size()) + " elements, at most 2^31 supported");
  }
  std::vector<Line> parsed;
  parsed.reserve(lines.size());
  std::string merged;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    // The alphabet has no space, but a line may begin with one in vocabularies that are not spelled by it.
    const size_t space = line.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == line.size()) {
      return fail(ErrorKind::invalid, std::string(merges_key) + "[" + std::to_string(i) + "] is " +
                                          gguf::printable(lines[i]) + ", expected two names with a space between");
    }
    const std::string_view left_name = line.substr(0, space);
    const std::string_view right_name = line.substr(space + 1);
    merged.assign(left_name).append(right_name);
    const TokenId left = vocabulary.find_text(left_name);
    const TokenId right = vocabulary.find_text(right_name);
    const TokenId token = vocabulary.find_text(merged);
    if (left == no_token || right == no_token || token == no_token) continue;
    parsed.push_back({left, {.right = right, .rank = static_cast<int32_t>(i), .merged = token}});
  }
  return from_lines(vocabulary, std::move(parsed));
}

Result<MergeTable> MergeTable::read(const Vocabulary& vocabulary, const gguf::Metadata& metadata) {
  QUIRE_TRY(const std::vector<std::string>& lines, metadata.get_strings(merges_key));
  return create(vocabulary, lines);
}

MergeTable MergeTable::ranked_by_id(const Vocabulary& vocabulary) {
  std::vector<Line> lines;
  for (TokenId token = 0; token < vocabulary.size(); ++token) {
    const std::string_view name = vocabulary.name(token);
    if (name.empty() || vocabulary.find_text(name) != token) continue;
    for (size_t cut = 1; cut < name.size(); ++cut) {
      const TokenId left = vocabulary.find_text(name.substr(0, cut));
      const TokenId right = vocabulary.find_text(name.substr(cut));
      if (left == no_token || right == no_token) continue;
      lines.push_back({left, {.right = right, .rank = token, .merged = token}});
    }
  }
  return from_lines(vocabulary, std::move(lines));
}

MergeTable MergeTable::from_lines(const Vocabulary& vocabulary, std::vector<Line> parsed) {
  std::sort(parsed.begin(), parsed.end(), [](const Line& a, const Line& b) {
    return std::tie(a.left, a.entry.right, a.entry.rank) < std::tie(b.left, b.entry.right, b.entry.rank);
  });
  MergeTable table;
  table.first_.assign(static_cast<size_t>(vocabulary.size()) + 1, 0);
  table.entries_.reserve(parsed.size());
  for (size_t i = 0; i < parsed.size(); ++i) {
    const Line& line = parsed[i];
    // Said twice: the better rank holds.
    if (i > 0 && parsed[i - 1].left == line.left && parsed[i - 1].entry.right == line.entry.right) continue;
    table.entries_.push_back(line.entry);
    ++table.first_[static_cast<size_t>(line.left) + 1];
  }
  for (size_t i = 1; i < table.first_.size(); ++i) table.first_[i] += table.first_[i - 1];
  return table;
}

Merge MergeTable::find(TokenId left, TokenId right) const {
  if (left < 0 || right < 0) return {};
  const auto begin = entries_.begin() + first_[static_cast<size_t>(left)];
  const auto end = entries_.begin() + first_[static_cast<size_t>(left) + 1];
  const auto found =
      std::lower_bound(begin, end, right, [](const Entry& entry, TokenId token) { return entry.right < token; });
  if (found == end || found->right != right) return {};
  return {.rank = found->rank, .token = found->merged};
}

}  // namespace quire
