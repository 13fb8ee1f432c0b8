#include "engine/context_shift.h"

#include <algorithm>

#include "base/check.h"

namespace quire {

std::vector<TokenId> shifted_context(std::span<const TokenId> timeline, int32_t keep) {
  QUIRE_CHECK(timeline.size() >= 2 && keep >= 0, "there is something to drop");
  // Some must be left to halve, whatever is to be kept.
  const size_t kept = std::min(static_cast<size_t>(keep), timeline.size() - std::min<size_t>(4, timeline.size()));
  const size_t dropped = (timeline.size() - kept) / 2;
  std::vector<TokenId> tokens(timeline.begin(), timeline.begin() + static_cast<std::ptrdiff_t>(kept));
  tokens.insert(tokens.end(), timeline.begin() + static_cast<std::ptrdiff_t>(kept + dropped), timeline.end());
  return tokens;
}

}  // namespace quire
