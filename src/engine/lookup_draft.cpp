#include "engine/lookup_draft.h"

#include <algorithm>

#include "engine/drafter.h"

namespace quire {
namespace {

constexpr int64_t agreeing_min = 3;
constexpr int64_t agreeing_max = 16;  // longer places are as good

// How many tokens agree before and at `at` and the end, up to agreeing_max.
int64_t agreeing(std::span<const TokenId> timeline, int64_t at) {
  const int64_t last = std::ssize(timeline) - 1;
  int64_t count = 0;
  while (count < agreeing_max && count <= at &&
         timeline[static_cast<size_t>(at - count)] == timeline[static_cast<size_t>(last - count)]) {
    ++count;
  }
  return count;
}

class LookupDrafter final : public Drafter {
 public:
  bool computes() const override { return false; }
  void guess(std::span<DraftPlace> places) override {
    for (DraftPlace& place : places) lookup_draft(place.timeline, place.most, place.guesses);
  }
};

}  // namespace

std::unique_ptr<Drafter> lookup_drafter() { return std::make_unique<LookupDrafter>(); }

void lookup_draft(std::span<const TokenId> timeline, int32_t most, std::vector<TokenId>& draft) {
  const int64_t last = std::ssize(timeline) - 1;
  int64_t best = 0, best_at = -1;
  for (int64_t at = last - 1; at >= 0 && best < agreeing_max; --at) {
    if (timeline[static_cast<size_t>(at)] != timeline[static_cast<size_t>(last)]) continue;
    const int64_t count = agreeing(timeline, at);
    if (count > best) best = count, best_at = at;
  }
  if (best < agreeing_min) return;
  const size_t begin = draft.size();
  for (int64_t guess = 0; guess < most; ++guess) {
    const int64_t from = best_at + 1 + guess;
    draft.push_back(from <= last ? timeline[static_cast<size_t>(from)]
                                 : draft[begin + static_cast<size_t>(guess - (last - best_at))]);
  }
}

}  // namespace quire
