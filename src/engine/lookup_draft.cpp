#include "engine/lookup_draft.h"

#include <algorithm>

#include "engine/drafter.h"
#include "engine/remembered_texts.h"

namespace quire {
namespace {

constexpr int64_t agreeing_min = 2;
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
    for (DraftPlace& place : places) {
      const int64_t agreeing = lookup_draft(place.timeline, place.most, place.guesses);
      if (!place.request->use_cache) continue;
      const RememberedTexts::Place before = texts_.find(place.request->cache_salt, place.timeline);
      if (before.agreeing <= agreeing) continue;
      const auto most = std::min(before.next.size(), static_cast<size_t>(place.most));
      place.guesses.assign(before.next.begin(), before.next.begin() + static_cast<std::ptrdiff_t>(most));
    }
  }
  // With the tokens that it began behind, so that its beginning is found.
  void ended(const Request& request, std::span<const TokenId> timeline, size_t before) override {
    if (!request.use_cache) return;
    constexpr size_t context = RememberedTexts::agreeing_max;
    before = std::min(before, timeline.size());
    texts_.add(request.cache_salt, timeline.subspan(before - std::min(before, context)));
  }

 private:
  RememberedTexts texts_;
};

}  // namespace

std::unique_ptr<Drafter> lookup_drafter() { return std::make_unique<LookupDrafter>(); }

int64_t lookup_draft(std::span<const TokenId> timeline, int32_t most, std::vector<TokenId>& draft) {
  const int64_t last = std::ssize(timeline) - 1;
  int64_t best = 0, best_at = -1;
  for (int64_t at = last - 1; at >= 0 && best < agreeing_max; --at) {
    if (timeline[static_cast<size_t>(at)] != timeline[static_cast<size_t>(last)]) continue;
    const int64_t count = agreeing(timeline, at);
    if (count > best) best = count, best_at = at;
  }
  if (best < agreeing_min) return 0;
  const size_t begin = draft.size();
  for (int64_t guess = 0; guess < most; ++guess) {
    const int64_t from = best_at + 1 + guess;
    draft.push_back(from <= last ? timeline[static_cast<size_t>(from)]
                                 : draft[begin + static_cast<size_t>(guess - (last - best_at))]);
  }
  return best;
}

}  // namespace quire
