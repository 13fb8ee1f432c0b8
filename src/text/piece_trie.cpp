#include "text/piece_trie.h"

#include <algorithm>

namespace quire {

PieceTrie::PieceTrie(std::vector<Piece> pieces) {
  std::ranges::sort(pieces, {}, &Piece::text);
  // Nodes in order of depth; each has the pieces that begin as it does, one after another.
  struct Range {
    size_t begin;
    size_t end;
    size_t depth;
  };
  std::vector<Range> ranges{{0, pieces.size(), 0}};
  nodes_.emplace_back();
  for (uint32_t node = 0; node < nodes_.size(); ++node) {
    const Range range = ranges[node];
    size_t begin = range.begin;
    if (begin < range.end && pieces[begin].text.size() == range.depth) nodes_[node].token = pieces[begin++].token;
    nodes_[node].children = static_cast<uint32_t>(nodes_.size());
    while (begin < range.end) {
      const char byte = pieces[begin].text[range.depth];
      size_t end = begin + 1;
      while (end < range.end && pieces[end].text[range.depth] == byte) ++end;
      nodes_.push_back({.byte = static_cast<uint8_t>(byte)});
      ranges.push_back({begin, end, range.depth + 1});
      ++nodes_[node].child_count;
      begin = end;
    }
  }
}

uint32_t PieceTrie::child(uint32_t node, uint8_t byte) const {
  const auto begin = nodes_.begin() + nodes_[node].children;
  const auto end = begin + nodes_[node].child_count;
  const auto found = std::lower_bound(begin, end, byte, [](const Node& one, uint8_t key) { return one.byte < key; });
  return found == end || found->byte != byte ? 0 : static_cast<uint32_t>(found - nodes_.begin());
}

}  // namespace quire
