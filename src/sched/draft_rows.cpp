#include "sched/draft_rows.h"

#include <algorithm>

#include "base/check.h"

namespace quire {

namespace {

// Whether a token that comes by such a chance for row_ns comes faster than `tokens` of step_ns.
bool pays(int64_t chance, int64_t row_ns, int64_t tokens, int64_t step_ns) {
  return chance * step_ns > tokens * row_ns;
}

}  // namespace

bool is_worth_a_row(int32_t acceptance, int64_t streams, int64_t step_ns, int64_t row_ns) {
  return pays(acceptance, row_ns, streams * certain, step_ns);
}

void give_draft_rows(std::span<DraftOffer> offers, int64_t streams, int64_t step_ns, int64_t row_ns, int64_t rows_max) {
  QUIRE_CHECK(streams >= 1 && step_ns > 0 && row_ns > 0, "a step has streams and takes time");
  const auto next_chance = [](const DraftOffer& offer) {
    int64_t chance = certain;
    for (int32_t row = 0; row <= offer.rows; ++row) chance = chance * offer.acceptance / certain;
    return offer.rows < offer.length ? chance : 0;
  };
  int64_t tokens = streams * certain;  // that are expected of the step
  for (int64_t given = 0; given < rows_max; ++given) {
    const auto best = std::ranges::max_element(offers, {}, next_chance);
    if (best == offers.end()) return;
    const int64_t chance = next_chance(*best);
    if (!pays(chance, row_ns, tokens, step_ns + given * row_ns)) return;
    ++best->rows;
    tokens += chance;
  }
}

int32_t acceptance_after(int32_t acceptance, int32_t drafted, int32_t accepted) {
  for (int32_t row = 0; row < accepted; ++row) acceptance += (certain - acceptance + 7) / 8;
  if (accepted < drafted) acceptance -= acceptance / 8;
  return acceptance;
}

int32_t acceptance_untried(int32_t acceptance) {
  return acceptance + std::max(0, acceptance_at_first - acceptance + 63) / 64;
}

}  // namespace quire
