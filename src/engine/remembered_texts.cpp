#include "engine/remembered_texts.h"

#include <algorithm>

#include "base/random.h"

namespace quire {
namespace {

constexpr TokenId text_end = -1;

}  // namespace

RememberedTexts::RememberedTexts(size_t tokens_max)
    : tokens_(tokens_max, text_end), salts_(tokens_max, 0), places_(tokens_max, 0) {}

size_t RememberedTexts::slot_of(uint64_t salt, const TokenId* first) const {
  uint64_t hash = mix(salt);
  for (int64_t at = 0; at < agreeing_min; ++at) hash = mix(hash ^ static_cast<uint32_t>(first[at]));
  return static_cast<size_t>(hash % places_.size());
}

void RememberedTexts::add(uint64_t salt, std::span<const TokenId> text) {
  if (std::ssize(text) <= agreeing_min || text.size() > tokens_.size() / 8) return;
  // Where the ring begins again, the text that is cut into ends there.
  if (used_ + text.size() + 1 > tokens_.size()) used_ = 1;
  const size_t begin = used_;
  std::ranges::copy(text, tokens_.begin() + static_cast<std::ptrdiff_t>(begin));
  used_ = begin + text.size() + 1;
  tokens_[used_ - 1] = text_end;
  std::fill(salts_.begin() + static_cast<std::ptrdiff_t>(begin), salts_.begin() + static_cast<std::ptrdiff_t>(used_),
            salt);
  for (size_t next = begin + agreeing_min; next + 1 < used_; ++next) {
    places_[slot_of(salt, &tokens_[next - agreeing_min])] = static_cast<uint32_t>(next);
  }
}

RememberedTexts::Place RememberedTexts::find(uint64_t salt, std::span<const TokenId> timeline) const {
  if (std::ssize(timeline) < agreeing_min) return {};
  const size_t next = places_[slot_of(salt, &timeline[timeline.size() - agreeing_min])];
  if (next == 0 || salts_[next] != salt || tokens_[next] == text_end) return {};
  int64_t agreeing = 0;
  while (agreeing < std::min(agreeing_max, std::ssize(timeline)) &&
         tokens_[next - 1 - static_cast<size_t>(agreeing)] ==
             timeline[timeline.size() - 1 - static_cast<size_t>(agreeing)]) {
    ++agreeing;
  }
  if (agreeing < agreeing_min) return {};
  const auto begin = tokens_.begin() + static_cast<std::ptrdiff_t>(next);
  return {.agreeing = agreeing, .next = {begin, std::find(begin, tokens_.end(), text_end)}};
}

}  // namespace quire
