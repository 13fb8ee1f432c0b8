// The bytes of a vocabulary's tokens, beginnings shared: what a mask is read off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "text/constraint/grammar.h"

namespace quire {
class Tokenizer;
}

namespace quire::constraint {

// A control token as text of a grammar: its name between bytes that no UTF-8 has, so that nothing else spells it.
std::string control_text(std::string_view name);

// Immutable; any thread. Built once a model.
// Invariant: nodes are in the order of a walk that visits a node before its children.
class TokenTrie {
 public:
  struct Node {
    uint32_t end = 0;  // after the last node below this one
    uint32_t token =
        0;  // in tokens(): the first of its own, or else of those below; they end where the next node's begin
    uint16_t depth = 0;  // bytes up to here; 0: the root
    uint8_t byte = 0;    // from the node above to this one
  };
  // The tokens of some lengths. A state that counts is like others as long as no token reaches its bound; so the few
  // long tokens are walked apart.
  struct Part {
    std::vector<Node> nodes;  // one more than there are, for the end of the last one's tokens
    std::vector<TokenId> tokens;
    uint16_t bytes_max = 0;  // of one token

    size_t node_count() const { return nodes.size() - 1; }
    std::span<const TokenId> tokens_of(uint32_t node) const {
      return std::span(tokens).subspan(nodes[node].token, nodes[node + 1].token - nodes[node].token);
    }
  };
  static constexpr size_t short_bytes_max = 16;

  // Text of each token, empty for those that are never allowed. Texts over 65,535 bytes are left out.
  explicit TokenTrie(std::vector<std::string> texts);
  // Without end tokens and the like. `spelled`: control tokens that grammars may ask for, as control_text of their
  // names.
  static TokenTrie of(const Tokenizer& tokenizer, std::span<const TokenId> spelled = {});

  const Part& short_tokens() const { return short_; }
  const Part& long_tokens() const { return long_; }
  size_t vocab_size() const { return texts_.size(); }
  size_t mask_words() const { return (texts_.size() + 63) / 64; }
  // Empty for a token that is never allowed.
  std::string_view text(TokenId token) const { return texts_[static_cast<size_t>(token)]; }
  // Bytes that are a token of their own, and those that control tokens are spelled with.
  const ByteSet& spelled() const { return spelled_; }

 private:
  std::vector<std::string> texts_;
  ByteSet spelled_;
  Part short_, long_;
};

}  // namespace quire::constraint
