// What was said lately, to guess by: answers that come again come with the same words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/ids.h"

namespace quire {

// A ring of tokens, and for every few of them in a row the place where they were said last. One thread.
class RememberedTexts {
 public:
  static constexpr int64_t agreeing_min = 4;
  static constexpr int64_t agreeing_max = 16;  // longer places are as good

  // 16 bytes for each token.
  explicit RememberedTexts(size_t tokens_max = size_t{1} << 18);

  // The oldest are forgotten for it. What is longer than an eighth of all is not remembered.
  void add(uint64_t salt, std::span<const TokenId> text);

  struct Place {
    int64_t agreeing = 0;           // tokens before it that are the timeline's last; 0: there is none
    std::span<const TokenId> next;  // what followed there; until the next add
  };
  // Where a text of this salt last had the timeline's last tokens.
  Place find(uint64_t salt, std::span<const TokenId> timeline) const;

 private:
  size_t slot_of(uint64_t salt, const TokenId* first) const;

  std::vector<TokenId> tokens_;   // texts, each between two ends
  std::vector<uint64_t> salts_;   // of each token
  std::vector<uint32_t> places_;  // by a hash of salt and tokens: where the next token would stand; 0: nowhere
  size_t used_ = 1;
};

}  // namespace quire
