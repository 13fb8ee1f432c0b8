// The pieces of a vocabulary by their first bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/ids.h"

namespace quire {

// Immutable; any thread. 12 bytes a node, and as many nodes as the pieces have different beginnings.
class PieceTrie {
 public:
  struct Piece {
    std::string_view text;
    TokenId token;
  };

  // The texts are different from each other, and none is empty.
  explicit PieceTrie(std::vector<Piece> pieces);

  // Calls found(size in bytes, token) for each piece that begins at text[at], the shortest first.
  template <typename Found>
  void each_prefix(std::string_view text, size_t at, const Found& found) const {
    uint32_t node = 0;
    for (size_t end = at; end < text.size();) {
      node = child(node, static_cast<uint8_t>(text[end]));
      if (node == 0) return;
      ++end;
      if (nodes_[node].token >= 0) found(end - at, nodes_[node].token);
    }
  }

 private:
  struct Node {
    uint32_t children = 0;  // the first of them; they are side by side, by byte
    uint16_t child_count = 0;
    uint8_t byte = 0;
    TokenId token = -1;  // -1: no piece ends here
  };

  // 0, which is the root, when there is none.
  uint32_t child(uint32_t node, uint8_t byte) const;

  std::vector<Node> nodes_;
};

}  // namespace quire
