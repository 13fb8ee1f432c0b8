#include "text/constraint/grammar/utf8_ranges.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <vector>

namespace quire::constraint {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
  auto operator<=>(const Range&) const = default;
};

constexpr std::array<Range, 5> lengths{
    {{0, 0x7f}, {0x80, 0x7ff}, {0x800, 0xd7ff}, {0xe000, 0xffff}, {0x10000, 0x10ffff}}};

// Sorted, disjoint, not adjacent, each of characters with one number of bytes.
std::vector<Range> normalized(std::span<const std::pair<char32_t, char32_t>> ranges) {
  std::vector<Range> sorted;
  for (const auto& [first, last] : ranges) {
    for (const Range length : lengths) {
      const Range part{std::max<uint32_t>(first, length.first), std::min<uint32_t>(last, length.last)};
      if (part.first <= part.last) sorted.push_back(part);
    }
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<Range> joined;
  for (const Range range : sorted) {
    const bool begins_length =
        std::any_of(lengths.begin(), lengths.end(), [&](Range l) { return l.first == range.first; });
    if (!joined.empty() && range.first <= joined.back().last + (begins_length ? 0 : 1)) {
      joined.back().last = std::max(joined.back().last, range.last);
    } else {
      joined.push_back(range);
    }
  }
  return joined;
}

// The values in `ranges` as `bytes` bytes of six bits, each with the bits 10 above, in big-endian order; values are
// below 64 ** bytes. Calls itself once for each byte of a character.
NodeId add_continuation(Grammar& grammar, const std::vector<Range>& ranges, int bytes);

// What may follow each first byte; first bytes with the same rest are one set.
NodeId add_by_first(Grammar& grammar, const std::map<uint8_t, std::vector<Range>>& rests, int bytes) {
  std::map<std::vector<Range>, ByteSet> sets;
  for (const auto& [first, rest] : rests) sets[rest].set(first);
  std::vector<NodeId> alternatives;
  for (const auto& [rest, set] : sets) {
    const NodeId first = grammar.byte_set(set);
    alternatives.push_back(bytes == 0 ? first : grammar.sequence({first, add_continuation(grammar, rest, bytes)}));
  }
  return grammar.choice(std::move(alternatives));
}

// Adds the values of `range` to the rests of their first bytes: `lead` above the bits over the last `bytes` * 6.
void split(Range range, uint32_t lead, int bytes, std::map<uint8_t, std::vector<Range>>& rests) {
  const uint32_t size = uint32_t{1} << (6 * bytes);
  for (uint32_t first = range.first / size; first <= range.last / size; ++first) {
    const uint32_t low = std::max(range.first, first * size) - first * size;
    const uint32_t high = std::min(range.last, first * size + size - 1) - first * size;
    rests[static_cast<uint8_t>(lead | first)].push_back({low, high});
  }
}

NodeId add_continuation(Grammar& grammar, const std::vector<Range>& ranges, int bytes) {
  std::map<uint8_t, std::vector<Range>> rests;
  for (const Range range : ranges) split(range, 0x80, bytes - 1, rests);
  return add_by_first(grammar, rests, bytes - 1);
}

}  // namespace

NodeId add_characters(Grammar& grammar, std::span<const std::pair<char32_t, char32_t>> ranges) {
  std::array<std::map<uint8_t, std::vector<Range>>, 4> rests;  // by the number of bytes after the first
  for (const Range range : normalized(ranges)) {
    if (range.last <= 0x7f) {
      split(range, 0, 0, rests[0]);
    } else if (range.last <= 0x7ff) {
      split(range, 0xc0, 1, rests[1]);
    } else if (range.last <= 0xffff) {
      split(range, 0xe0, 2, rests[2]);
    } else {
      split(range, 0xf0, 3, rests[3]);
    }
  }
  std::vector<NodeId> alternatives;
  for (size_t bytes = 0; bytes < rests.size(); ++bytes) {
    alternatives.push_back(add_by_first(grammar, rests[bytes], static_cast<int>(bytes)));
  }
  return grammar.choice(std::move(alternatives));
}

}  // namespace quire::constraint
