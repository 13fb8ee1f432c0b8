#include "text/tokenizer_special.h"

#include <algorithm>

namespace quire {

namespace {

size_t shared_prefix_size(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

}  // namespace

SpecialTokens::SpecialTokens(const Vocabulary& vocabulary) {
  for (TokenId token = 0; token < vocabulary.size(); ++token) {
    const TokenType type = vocabulary.type(token);
    const std::string_view name = vocabulary.name(token);
    const bool is_special = type == TokenType::control || type == TokenType::unknown || type == TokenType::user_defined;
    if (!is_special || name.empty()) continue;
    entries_.push_back({.token = token, .shorter = -1});
    begins_[static_cast<uint8_t>(name.front())] = true;
    longest_ = std::max(longest_, name.size());
  }
  std::sort(entries_.begin(), entries_.end(),
            [&](const Entry& a, const Entry& b) { return vocabulary.name(a.token) < vocabulary.name(b.token); });
  for (size_t i = 1; i < entries_.size(); ++i) {
    // A prefix of this name is the name before it or a prefix of that.
    const std::string_view name = vocabulary.name(entries_[i].token);
    auto candidate = static_cast<int32_t>(i) - 1;
    while (candidate >= 0 && !name.starts_with(vocabulary.name(entries_[static_cast<size_t>(candidate)].token))) {
      candidate = entries_[static_cast<size_t>(candidate)].shorter;
    }
    entries_[i].shorter = candidate;
  }
}

int32_t SpecialTokens::last_not_after(const Vocabulary& vocabulary, std::string_view text) const {
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), text,
                                      [&](std::string_view a, const Entry& b) { return a < vocabulary.name(b.token); });
  return static_cast<int32_t>(after - entries_.begin()) - 1;
}

std::optional<SpecialMatch> SpecialTokens::next(const Vocabulary& vocabulary, std::string_view text, size_t from,
                                                std::span<const TextSpan> masked) const {
  // The first span that does not end before the place.
  auto span = std::partition_point(masked.begin(), masked.end(), [&](const TextSpan& s) { return s.end <= from; });
  for (size_t at = from; at < text.size(); ++at) {
    if (!begins_[static_cast<uint8_t>(text[at])]) continue;
    while (span != masked.end() && span->end <= at) ++span;
    const size_t free_until = span == masked.end() ? text.size() : std::max(span->begin, at);
    const std::string_view rest = text.substr(at, longest_);
    int32_t i = last_not_after(vocabulary, rest);
    if (i < 0) continue;
    // The entries to try are prefixes of the last one, so how much of it is here says which of them are.
    const size_t shared = shared_prefix_size(vocabulary.name(entries_[static_cast<size_t>(i)].token), rest);
    for (; i >= 0; i = entries_[static_cast<size_t>(i)].shorter) {
      const TokenId token = entries_[static_cast<size_t>(i)].token;
      const size_t size = vocabulary.name(token).size();
      if (size > shared) continue;
      const size_t end = at + size;
      if (vocabulary.type(token) != TokenType::user_defined && end > free_until) continue;
      return SpecialMatch{.begin = at, .end = end, .token = token};
    }
  }
  return std::nullopt;
}

size_t SpecialTokens::open_begin(const Vocabulary& vocabulary, std::string_view text) const {
  for (size_t at = text.size() - std::min(text.size(), longest_); at < text.size(); ++at) {
    if (!begins_[static_cast<uint8_t>(text[at])]) continue;
    const std::string_view rest = text.substr(at);
    // Names that begin with `rest` come after it in order.
    for (auto i = static_cast<size_t>(last_not_after(vocabulary, rest) + 1); i < entries_.size(); ++i) {
      const TokenId token = entries_[i].token;
      if (!vocabulary.name(token).starts_with(rest)) break;
      if (vocabulary.type(token) == TokenType::user_defined) return at;
    }
  }
  return text.size();
}

}  // namespace quire
