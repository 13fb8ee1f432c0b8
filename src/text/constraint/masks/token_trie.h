// The bytes of a vocabulary's tokens, beginnings shared: what a mask is read off.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "text/constraint/grammar/grammar.h"

namespace quire {
class Tokenizer;
}

namespace quire::constraint {

constexpr char control_mark = '\xff';  // at both ends of a control token's name

// A control token as text of a grammar: its name between bytes that no UTF-8 has, so that nothing else spells it.
std::string control_text(std::string_view name);

// Groups of bytes that grammars seldom tell apart, a bit each: small letters, capitals, digits, the later control
// characters; each mark of ASCII is one of its own. Bytes beyond ASCII are in the groups below.
constexpr uint64_t byte_group(uint8_t byte) {
  const auto bit = [](unsigned number) { return uint64_t{1} << number; };
  if (byte >= 'a' && byte <= 'z') return bit(0);
  if (byte >= 'A' && byte <= 'Z') return bit(1);
  if (byte >= '0' && byte <= '9') return bit(2);
  if (byte < 0x20) return byte == '\n' ? bit(3) : byte == '\t' ? bit(4) : byte == '\r' ? bit(5) : bit(6);
  if (byte == 0x7f) return bit(6);
  if (byte < '0') return bit(7U + byte - 0x20U);
  if (byte < 'A') return bit(23U + byte - ':');
  if (byte < 'a') return bit(30U + byte - '[');
  return bit(36U + byte - '{');
}
constexpr uint64_t characters_group = uint64_t{1} << 62;   // whole characters of UTF-8, the last perhaps cut
constexpr uint64_t other_bytes_group = uint64_t{1} << 63;  // any other bytes
// What a string of JSON holds as it is.
constexpr uint64_t text_groups = ~(byte_group('"') | byte_group('\\') | byte_group('\n') | byte_group('\t') |
                                   byte_group('\r') | byte_group(0) | other_bytes_group);

// Immutable; any thread. Built once a model.
// Invariant: nodes are in the order of a walk that visits a node before its children.
class TokenTrie {
 public:
  struct Node {
    uint32_t end = 0;  // after the last node below this one
    uint32_t token =
        0;  // in tokens: the first of its own, or else of those below; they end where the next node's begin
    uint16_t depth = 0;  // bytes up to here; 0: the root
    uint8_t byte = 0;    // from the node above to this one
  };
  // The tokens of some lengths. A state that counts is like others as long as no token reaches its bound; so the few
  // long tokens are walked apart. Tokens of text_groups alone, which are most, come before the others, with nodes of
  // their own: within a string all of them are known at once.
  struct Part {
    std::vector<Node> nodes;  // one more than there are, for the end of the last one's tokens
    std::vector<TokenId> tokens;
    std::vector<uint16_t> characters;  // by token: of its text, one that is cut included
    std::vector<uint64_t> below;       // by node: the groups of all bytes after it
    std::vector<uint64_t> text_mask;   // the tokens of text_groups alone
    uint32_t text_end = 1;             // after their last node
    uint16_t bytes_max = 0;            // of one token

    size_t node_count() const { return nodes.size() - 1; }
  };
  // How long the texts of each part are at most.
  static constexpr std::array<size_t, 4> part_bytes_max = {5, 9, 16, 65'535};

  // Text of each token, empty for those that are never allowed. Texts over 65,535 bytes are left out.
  explicit TokenTrie(std::vector<std::string> texts);
  // Without end tokens and the like. `spelled`: control tokens that grammars may ask for, as control_text of their
  // names.
  static TokenTrie of(const Tokenizer& tokenizer, std::span<const TokenId> spelled = {});

  const Part& part(size_t part) const { return parts_[part]; }
  size_t node_count() const;
  size_t bytes_max() const;  // of one token
  size_t vocab_size() const { return texts_.size(); }
  size_t mask_words() const { return (texts_.size() + 63) / 64; }
  // Empty for a token that is never allowed.
  std::string_view text(TokenId token) const { return texts_[static_cast<size_t>(token)]; }
  // The control token that `text` begins with, as control_text of its name; -1: none.
  TokenId control_at(std::string_view text) const;
  // Bytes that are a token of their own, and those that control tokens are spelled with.
  const ByteSet& spelled() const { return spelled_; }

 private:
  std::vector<std::string> texts_;
  std::vector<TokenId> controls_;
  ByteSet spelled_;
  std::array<Part, part_bytes_max.size()> parts_;
};

}  // namespace quire::constraint
