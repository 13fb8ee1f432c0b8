// Finds the names of special tokens in a text.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "text/prompt_text.h"
#include "text/vocabulary.h"

namespace quire {

struct SpecialMatch {
  size_t begin = 0;
  size_t end = 0;
  TokenId token = no_token;
};

// The named control, unknown and user-defined tokens of one vocabulary, sorted by name. Immutable; any thread.
class SpecialTokens {
 public:
  explicit SpecialTokens(const Vocabulary& vocabulary);

  // The first match that begins at or after `from`, and of those that begin there the longest. User-defined tokens
  // match everywhere; the others match where no byte of them is in a span of `masked` (sorted, disjoint).
  // O(log(number of special tokens)) for each place where one could begin.
  std::optional<SpecialMatch> next(const Vocabulary& vocabulary, std::string_view text, size_t from,
                                   std::span<const TextSpan> masked) const;

  // Where a user-defined token might begin that ends behind `text`; its size: nowhere.
  size_t open_begin(const Vocabulary& vocabulary, std::string_view text) const;

 private:
  struct Entry {
    TokenId token;
    int32_t shorter;  // the longest entry that is a proper prefix of this one, or -1
  };

  // The last entry that is not after `text` in order, or -1: every entry that `text` begins with is it or one of its
  // prefixes.
  int32_t last_not_after(const Vocabulary& vocabulary, std::string_view text) const;

  std::vector<Entry> entries_;
  std::array<bool, 256> begins_{};  // some entry begins with this byte
  size_t longest_ = 0;              // bytes
};

}  // namespace quire
