#include "text/constraint/preamble.h"

#include <fmt/format.h>

#include <utility>

namespace quire::constraint {

std::string_view PreambleTable::text(TokenId token, const TokenTrie& trie) const {
  const auto named = named_.find(token);
  return named != named_.end() ? std::string_view(named->second) : trie.text(token);
}

size_t PreambleTable::find_end(uint32_t& matched, std::string_view text) const {
  const std::string& marker = preamble_.marker;
  for (size_t index = 0; index < text.size(); ++index) {
    while (matched > 0 && marker[matched] != text[index]) matched = failure_[matched];
    if (marker[matched] == text[index]) ++matched;
    if (matched == marker.size()) return index + 1;
  }
  return std::string_view::npos;
}

PreambleTable::Opening PreambleTable::open(uint32_t& matched, std::string_view text) const {
  const std::string& opening = preamble_.opening;
  for (size_t index = 0; index < text.size(); ++index) {
    const char byte = text[index];
    if (matched == 0 && (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n')) continue;
    if (byte != opening[matched]) return {};
    if (++matched == opening.size()) return {.possible = true, .rest = text.substr(index + 1)};
  }
  return {.possible = !text.empty(), .rest = {}};
}

PreambleTable::Opening PreambleTable::open(uint32_t& matched, TokenId token, const TokenTrie& trie) const {
  return open(matched, text(token, trie));
}

PreambleTable::Step PreambleTable::begin(Place& place, std::string_view text) const {
  place = {};
  const size_t end = find_end(place.matched, text);
  if (end == std::string_view::npos) return {};
  return {.found = true, .rest = text.substr(end)};
}

void PreambleTable::learn_openings(const TokenTrie& trie, FunctionRef<bool(std::string_view)> can_begin) {
  opening_masks_.assign(preamble_.opening.size(), std::vector<uint64_t>(trie.mask_words()));
  for (size_t token = 0; token < trie.vocab_size(); ++token) {
    for (uint32_t before = 0; before < preamble_.opening.size(); ++before) {
      uint32_t matched = before;
      const Opening opening = open(matched, static_cast<TokenId>(token), trie);
      if (!opening.possible) continue;
      Place place;
      const Step step = opening.rest ? begin(place, *opening.rest) : Step{};
      if (!step.rest.empty() && !can_begin(step.rest)) continue;
      opening_masks_[before][token / 64] |= uint64_t{1} << (token % 64);
    }
  }
}

std::span<const TokenId> PreambleTable::forced(const Place& place) const {
  if (!closes(place)) return {};
  return std::span(preamble_.closing).subspan(place.closing);
}

Result<PreambleTable> PreambleTable::create(Preamble preamble, const TokenTrie& trie, std::span<const TokenId> ends,
                                            FunctionRef<bool(std::string_view)> can_begin) {
  if (preamble.marker.empty()) return fail(ErrorKind::invalid, "the text that ends the thinking is empty");
  PreambleTable table;
  table.preamble_ = std::move(preamble);
  const std::string& marker = table.preamble_.marker;
  for (const auto& [token, text] : table.preamble_.named) table.named_.emplace(token, text);
  table.failure_.assign(marker.size(), 0);
  for (uint32_t size = 2, matched = 0; size < marker.size(); ++size) {
    while (matched > 0 && marker[matched] != marker[size - 1]) matched = table.failure_[matched];
    if (marker[matched] == marker[size - 1]) ++matched;
    table.failure_[size] = matched;
  }

  std::vector<uint64_t> any(trie.mask_words());
  for (size_t token = 0; token < trie.vocab_size(); ++token) any[token / 64] |= uint64_t{1} << (token % 64);
  for (const TokenId end : ends)
    any[static_cast<size_t>(end) / 64] &= ~(uint64_t{1} << (static_cast<size_t>(end) % 64));
  table.masks_.assign(marker.size(), any);
  for (size_t token = 0; token < trie.vocab_size(); ++token) {
    const std::string_view text = table.text(static_cast<TokenId>(token), trie);
    for (uint32_t before = 0; before < marker.size() && text.size() > 1; ++before) {
      uint32_t matched = before;
      const size_t end = table.find_end(matched, text);
      if (end == std::string_view::npos || end == text.size() || can_begin(text.substr(end))) continue;
      table.masks_[before][token / 64] &= ~(uint64_t{1} << (token % 64));
    }
  }

  table.learn_openings(trie, can_begin);
  if (!table.preamble_.tokens_max) return table;
  uint32_t matched = 0;
  for (size_t index = 0; index < table.preamble_.closing.size(); ++index) {
    const TokenId token = table.preamble_.closing[index];
    const std::string_view text = table.text(token, trie);
    const size_t end = table.find_end(matched, text);
    const bool is_last = index + 1 == table.preamble_.closing.size();
    if ((end != std::string_view::npos) != is_last || (is_last && end != text.size())) break;
    std::vector<uint64_t>& mask = table.closing_masks_.emplace_back(trie.mask_words());
    mask[static_cast<size_t>(token) / 64] |= uint64_t{1} << (static_cast<size_t>(token) % 64);
  }
  if (table.closing_masks_.empty() || table.closing_masks_.size() != table.preamble_.closing.size()) {
    return fail(ErrorKind::invalid, fmt::format("the tokens that close the thinking do not end with '{}'", marker));
  }
  return table;
}

std::span<const uint64_t> PreambleTable::allowed(const Place& place) const {
  return closes(place) ? closing_masks_[place.closing] : masks_[place.matched];
}

PreambleTable::Step PreambleTable::accept(Place& place, TokenId token, const TokenTrie& trie) const {
  const bool closing = closes(place);
  const std::string_view text_of_token = text(token, trie);
  const size_t end = find_end(place.matched, text_of_token);
  if (end != std::string_view::npos) return {.found = true, .rest = text_of_token.substr(end)};
  ++place.tokens;
  if (closing) ++place.closing;
  return {};
}

}  // namespace quire::constraint
