// Text that is the only way on, as tokens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "text/constraint/masks/token_trie.h"
#include "text/tokenizer.h"

namespace quire::constraint {

// Follows one answer's text, and writes what must come next as the tokenizer would write it in that text: as far as no
// continuation can move a boundary, and not at all in the middle of one of its tokens, where what came before was
// written otherwise. What it gives is a function of the answer's text and control tokens. One thread.
class ForcedText {
 public:
  // Borrows both for its life.
  ForcedText(const Tokenizer& tokenizer, const TokenTrie& trie) : tokenizer_(tokenizer), trie_(trie) {}

  // The answer goes on with text, or with a control token, which no text joins.
  void read(std::string_view text);
  void read_control() { before_.clear(); }

  // Appends the tokens of `forced`, control tokens among them, `tokens_max` at most.
  void append_tokens(std::string_view forced, size_t tokens_max, std::vector<TokenId>& tokens) const;

 private:
  // ... of text alone, which `before` comes before and, where it `ends`, a control token after. The bytes that they
  // are.
  size_t append_text(std::string_view before, std::string_view forced, bool ends, size_t tokens_max,
                     std::vector<TokenId>& tokens) const;

  const Tokenizer& tokenizer_;
  const TokenTrie& trie_;
  std::string before_;       // the text since a boundary that nothing moves any more
  size_t trimmed_at_ = 128;  // bytes of it, from which on a later boundary is looked for
};

}  // namespace quire::constraint
