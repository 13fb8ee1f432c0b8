// What an answer says before it has its shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "text/constraint/compiled.h"

namespace quire::constraint {

// A preamble made ready for one vocabulary: which tokens may come depends on how much of the marker the text ends with.
// Immutable; any thread.
class PreambleTable {
 public:
  // How far the answer is.
  struct Place {
    uint32_t matched = 0;  // bytes of the marker that the text ends with
    uint32_t tokens = 0;
    uint32_t closing = 0;  // tokens of `closing` that have come
  };
  // What a beginning of an answer may become.
  struct Opening {
    bool possible = false;                 // thinking
    std::optional<std::string_view> rest;  // it is: what comes after the opening
  };
  // What a token leads to.
  struct Step {
    bool found = false;     // the marker is there
    std::string_view rest;  // what comes after it
  };

  // `can_begin`: an answer can begin with this text. An error says what of the preamble cannot be.
  static Result<PreambleTable> create(Preamble preamble, const TokenTrie& trie, std::span<const TokenId> ends,
                                      FunctionRef<bool(std::string_view)> can_begin);

  // Valid as long as this is.
  std::span<const uint64_t> allowed(const Place& place) const;
  Step accept(Place& place, TokenId token, const TokenTrie& trie) const;
  // Before the opening, with `matched` bytes of it: where it may be thinking still. REQUIRES: opens().
  std::span<const uint64_t> allowed_to_open(uint32_t matched) const { return opening_masks_[matched]; }
  Opening open(uint32_t& matched, TokenId token, const TokenTrie& trie) const;
  // The thinking begins with this text: is it over?
  Step begin(Place& place, std::string_view text) const;
  // The answer may begin with thinking, or not.
  bool opens() const { return !preamble_.opening.empty(); }
  // What comes next whatever might be chosen.
  std::span<const TokenId> forced(const Place& place) const;
  bool closes(const Place& place) const { return preamble_.tokens_max && place.tokens >= *preamble_.tokens_max; }

 private:
  std::string_view text(TokenId token, const TokenTrie& trie) const;
  // The marker's end in `text` after `matched` bytes of it: the bytes of `text` up to there; none: matched is moved on.
  size_t find_end(uint32_t& matched, std::string_view text) const;
  Opening open(uint32_t& matched, std::string_view text) const;
  void learn_openings(const TokenTrie& trie, FunctionRef<bool(std::string_view)> can_begin);

  Preamble preamble_;
  std::unordered_map<TokenId, std::string> named_;
  std::vector<uint32_t> failure_;             // by bytes matched: the longest shorter match (Knuth, Morris, Pratt)
  std::vector<std::vector<uint64_t>> masks_;  // by bytes matched
  std::vector<std::vector<uint64_t>> closing_masks_;  // one a token of `closing`
  std::vector<std::vector<uint64_t>> opening_masks_;  // by bytes of the opening
};

}  // namespace quire::constraint
