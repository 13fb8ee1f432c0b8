#include "text/constraint/token_trie.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "text/tokenizer.h"

namespace quire::constraint {
namespace {

constexpr char control_mark = '\xff';

// `sorted`: tokens by their texts.
TokenTrie::Part build(const std::vector<std::string>& texts, const std::vector<TokenId>& sorted) {
  TokenTrie::Part part;
  part.nodes.push_back({});
  std::vector<uint32_t> path{0};  // the nodes of the text before, by depth
  std::string_view before;
  for (const TokenId token : sorted) {
    const std::string& text = texts[static_cast<size_t>(token)];
    const auto [differs, unused] = std::mismatch(text.begin(), text.end(), before.begin(), before.end());
    const auto shared = static_cast<size_t>(differs - text.begin());
    for (size_t depth = path.size(); depth-- > shared + 1;) {
      part.nodes[path[depth]].end = static_cast<uint32_t>(part.nodes.size());
    }
    path.resize(shared + 1);
    for (size_t depth = shared; depth < text.size(); ++depth) {
      path.push_back(static_cast<uint32_t>(part.nodes.size()));
      part.nodes.push_back({.token = static_cast<uint32_t>(part.tokens.size()),
                            .depth = static_cast<uint16_t>(depth + 1),
                            .byte = static_cast<uint8_t>(text[depth])});
    }
    part.tokens.push_back(token);
    part.bytes_max = std::max(part.bytes_max, static_cast<uint16_t>(text.size()));
    before = text;
  }
  for (const uint32_t node : path) part.nodes[node].end = static_cast<uint32_t>(part.nodes.size());
  part.nodes.push_back({.token = static_cast<uint32_t>(part.tokens.size())});
  return part;
}

}  // namespace

std::string control_text(std::string_view name) {
  std::string text(1, control_mark);
  text += name;
  text += control_mark;
  return text;
}

TokenTrie::TokenTrie(std::vector<std::string> texts) : texts_(std::move(texts)) {
  std::vector<TokenId> short_sorted, long_sorted;
  for (size_t token = 0; token < texts_.size(); ++token) {
    std::string& text = texts_[token];
    // The mark alone would let any token spell what control tokens are.
    const bool is_control = text.size() > 2 && text.front() == control_mark && text.back() == control_mark;
    if (text.size() > std::numeric_limits<uint16_t>::max() ||
        (!is_control && text.find(control_mark) != std::string::npos)) {
      text.clear();
    }
    if (text.empty()) continue;
    if (text.size() == 1) spelled_.set(static_cast<uint8_t>(text[0]));
    if (is_control) {
      for (const char byte : text) spelled_.set(static_cast<uint8_t>(byte));
    }
    (text.size() <= short_bytes_max ? short_sorted : long_sorted).push_back(static_cast<TokenId>(token));
  }
  const auto by_text = [&](TokenId left, TokenId right) {
    return std::pair(std::string_view(texts_[static_cast<size_t>(left)]), left) <
           std::pair(std::string_view(texts_[static_cast<size_t>(right)]), right);
  };
  std::sort(short_sorted.begin(), short_sorted.end(), by_text);
  std::sort(long_sorted.begin(), long_sorted.end(), by_text);
  short_ = build(texts_, short_sorted);
  long_ = build(texts_, long_sorted);
}

TokenTrie TokenTrie::of(const Tokenizer& tokenizer, std::span<const TokenId> spelled) {
  std::vector<std::string> texts(static_cast<size_t>(tokenizer.vocab_size()));
  for (TokenId token = 0; token < tokenizer.vocab_size(); ++token) {
    if (!tokenizer.is_end(token)) texts[static_cast<size_t>(token)] = tokenizer.bytes(token);
  }
  for (const TokenId token : spelled) texts[static_cast<size_t>(token)] = control_text(tokenizer.name(token));
  return TokenTrie(std::move(texts));
}

}  // namespace quire::constraint
