#include "text/constraint/masks/token_trie.h"

#include <algorithm>
#include <utility>

#include "text/tokenizer.h"

namespace quire::constraint {
namespace {

// The bytes of the well-formed character that `text` begins with, one that its end cuts included (Unicode 15, table
// 3-7); 1: none, or one byte.
size_t character_bytes(std::string_view text) {
  const auto byte = [&](size_t index) { return static_cast<uint8_t>(text[index]); };
  const uint8_t first = byte(0);
  const size_t size = first >= 0xc2 && first <= 0xdf   ? 2
                      : (first & 0xf0) == 0xe0         ? 3
                      : first >= 0xf0 && first <= 0xf4 ? 4
                                                       : 1;
  for (size_t index = 1; index < size; ++index) {
    if (index == text.size()) return index;
    const uint8_t low = index > 1 ? 0x80 : first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = index > 1 ? 0xbf : first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(index) < low || byte(index) > high) return 1;
  }
  return size;
}

bool begins_character(char byte) { return (static_cast<uint8_t>(byte) & 0xc0) != 0x80; }

// The groups of what comes after each beginning of a text: [depth] is after `depth` bytes.
std::vector<uint64_t> groups_after(std::string_view text) {
  std::vector<uint64_t> groups(text.size() + 1);
  std::vector<bool> within(text.size() + 1);  // in the middle of a character
  for (size_t begin = 0; begin < text.size();) {
    const auto first = static_cast<uint8_t>(text[begin]);
    const size_t size = character_bytes(text.substr(begin));
    const bool well_formed = size > 1 || (begin + 1 == text.size() && first >= 0xc2 && first <= 0xf4);
    groups[begin] = first < 0x80 ? byte_group(first) : well_formed ? characters_group : other_bytes_group;
    for (size_t index = begin + 1; index < begin + size; ++index) within[index] = true;
    begin += size;
  }
  for (size_t depth = text.size(); depth-- > 0;) groups[depth] |= groups[depth + 1];
  for (size_t depth = 0; depth < text.size(); ++depth) {
    if (within[depth]) groups[depth] |= other_bytes_group;  // what is left of a character is none
  }
  return groups;
}

bool is_text(std::string_view text) { return (groups_after(text)[0] & ~text_groups) == 0; }

// `sorted`: first `text_count` tokens of text_groups alone, then the others, both by their texts.
TokenTrie::Part build(const std::vector<std::string>& texts, const std::vector<TokenId>& sorted, size_t text_count) {
  TokenTrie::Part part;
  part.nodes.push_back({});
  part.below.push_back(0);
  part.text_mask.resize((texts.size() + 63) / 64);
  std::vector<uint32_t> path{0};  // the nodes of the text before, by depth
  std::string_view before;
  for (const TokenId token : sorted) {
    const std::string& text = texts[static_cast<size_t>(token)];
    if (part.tokens.size() == text_count) before = {};
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
    part.characters.push_back(static_cast<uint16_t>(std::ranges::count_if(text, begins_character)));
    part.below.resize(part.nodes.size());
    const std::vector<uint64_t> groups = groups_after(text);
    for (size_t depth = 0; depth <= text.size(); ++depth) part.below[path[depth]] |= groups[depth];
    part.bytes_max = std::max(part.bytes_max, static_cast<uint16_t>(text.size()));
    if (part.tokens.size() <= text_count) {
      part.text_mask[static_cast<size_t>(token) / 64] |= uint64_t{1} << (static_cast<size_t>(token) % 64);
      part.text_end = static_cast<uint32_t>(part.nodes.size());
    }
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
  std::array<std::vector<TokenId>, part_bytes_max.size()> sorted;
  for (size_t token = 0; token < texts_.size(); ++token) {
    std::string& text = texts_[token];
    // The mark alone would let any token spell what control tokens are.
    const bool is_control = text.size() > 2 && text.front() == control_mark && text.back() == control_mark;
    if (text.size() > part_bytes_max.back() || (!is_control && text.find(control_mark) != std::string::npos)) {
      text.clear();
    }
    if (text.empty()) continue;
    if (text.size() == 1) spelled_.set(static_cast<uint8_t>(text[0]));
    if (is_control) {
      controls_.push_back(static_cast<TokenId>(token));
      for (const char byte : text) spelled_.set(static_cast<uint8_t>(byte));
    }
    size_t part = 0;
    while (text.size() > part_bytes_max[part]) ++part;
    sorted[part].push_back(static_cast<TokenId>(token));
  }
  const auto by_text = [&](TokenId left, TokenId right) {
    return std::pair(std::string_view(texts_[static_cast<size_t>(left)]), left) <
           std::pair(std::string_view(texts_[static_cast<size_t>(right)]), right);
  };
  for (size_t part = 0; part < parts_.size(); ++part) {
    std::sort(sorted[part].begin(), sorted[part].end(), by_text);
    const auto others = std::stable_partition(sorted[part].begin(), sorted[part].end(), [&](TokenId token) {
      return is_text(texts_[static_cast<size_t>(token)]);
    });
    parts_[part] = build(texts_, sorted[part], static_cast<size_t>(others - sorted[part].begin()));
  }
}

size_t TokenTrie::node_count() const {
  size_t count = 0;
  for (const Part& part : parts_) count += part.node_count();
  return count;
}

size_t TokenTrie::bytes_max() const {
  size_t bytes = 0;
  for (const Part& part : parts_) bytes = std::max<size_t>(bytes, part.bytes_max);
  return bytes;
}

TokenId TokenTrie::control_at(std::string_view text) const {
  const auto found =
      std::ranges::find_if(controls_, [&](TokenId token) { return text.starts_with(this->text(token)); });
  return found == controls_.end() ? -1 : *found;
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
