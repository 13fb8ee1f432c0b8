// The merging that both families of BPE share: adjacent symbols are joined, the best pair first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/ids.h"

namespace quire {

// A piece of the text that is one token so far; an element of a doubly linked list in text order.
struct MergeSymbol {
  size_t begin = 0;       // in the text
  uint32_t size = 0;      // bytes; 0: joined to the symbol on its left
  TokenId token = -1;     // -1: not in the vocabulary
  int32_t previous = -1;  // index, -1: first
  int32_t next = -1;      // index, -1: last
};

// What two adjacent symbols become.
struct Merge {
  int32_t rank = -1;  // smaller is sooner; negative: they do not merge
  TokenId token = -1;
};

// Scratch of one encode call, kept between words so that they allocate nothing.
class MergeQueue {
 public:
  // Joins symbols in place until no pair merges: the smallest rank first, of equal ones the leftmost. Afterwards the
  // list that starts at index 0 is the result. `find` gives the Merge of (left, right).
  // O(n log n) calls and moves for n symbols. Source: Sennrich et al. 2016 (BPE), with the queue of SentencePiece.
  template <typename Find>
  void merge_all(std::vector<MergeSymbol>& symbols, const Find& find) {
    pairs_.clear();
    const auto try_pair = [&](int32_t left, int32_t right) {
      if (left < 0 || right < 0) return;
      const MergeSymbol& a = symbols[static_cast<size_t>(left)];
      const MergeSymbol& b = symbols[static_cast<size_t>(right)];
      const Merge merge = find(a, b);
      if (merge.rank < 0) return;
      pairs_.push_back({.rank = merge.rank, .left = left, .token = merge.token, .size = a.size + b.size});
      std::push_heap(pairs_.begin(), pairs_.end(), Later{});
    };
    for (size_t i = 1; i < symbols.size(); ++i) try_pair(static_cast<int32_t>(i) - 1, static_cast<int32_t>(i));
    while (!pairs_.empty()) {
      std::pop_heap(pairs_.begin(), pairs_.end(), Later{});
      const Pair pair = pairs_.back();
      pairs_.pop_back();
      MergeSymbol& left = symbols[static_cast<size_t>(pair.left)];
      // Symbols only grow until they vanish, so an outdated pair has another size.
      if (left.size == 0 || left.next < 0) continue;
      MergeSymbol& right = symbols[static_cast<size_t>(left.next)];
      if (left.size + right.size != pair.size) continue;
      left.size = pair.size;
      left.token = pair.token;
      left.next = right.next;
      right.size = 0;
      if (right.next >= 0) symbols[static_cast<size_t>(right.next)].previous = pair.left;
      try_pair(left.previous, pair.left);
      try_pair(pair.left, left.next);
    }
  }

 private:
  // A symbol and the one that follows it.
  struct Pair {
    int32_t rank;
    int32_t left;
    TokenId token;  // what they become
    uint32_t size;  // of both when the pair was found
  };
  struct Later {
    bool operator()(const Pair& a, const Pair& b) const { return a.rank != b.rank ? a.rank > b.rank : a.left > b.left; }
  };

  std::vector<Pair> pairs_;  // heap
};

}  // namespace quire
