#include "sim/coverage.h"

#include "base/check.h"

namespace quire::sim {

std::string_view name(Occurrence occurrence) {
  static constexpr std::array<std::string_view, occurrence_count> names = {"started",
                                                                           "parked by band",
                                                                           "parked for memory",
                                                                           "paused for fairness",
                                                                           "squeezed by prompts",
                                                                           "started, aged",
                                                                           "parked, lost blocks",
                                                                           "resumed",
                                                                           "resumed without",
                                                                           "ended: stop token",
                                                                           "ended: stop text",
                                                                           "ended: length",
                                                                           "cancelled: waiting",
                                                                           "cancelled: running",
                                                                           "cancelled: parked",
                                                                           "cancelled: parked without",
                                                                           "deadline: waiting",
                                                                           "deadline: running",
                                                                           "deadline: parked",
                                                                           "deadline: parked without",
                                                                           "deadline: of the queue",
                                                                           "failed",
                                                                           "logits not numbers",
                                                                           "refused: busy",
                                                                           "refused: too large",
                                                                           "prompt cached",
                                                                           "answer cached",
                                                                           "prompt shared live",
                                                                           "waited for a leader",
                                                                           "evicted",
                                                                           "memory withheld",
                                                                           "window blocks withheld",
                                                                           "states withheld",
                                                                           "window blocks let go",
                                                                           "prompt cached beyond its window",
                                                                           "window block evicted",
                                                                           "snapshot written",
                                                                           "snapshot read",
                                                                           "snapshot evicted",
                                                                           "snapshot missing",
                                                                           "guesses beside a state",
                                                                           "parallelism moved",
                                                                           "prompt scored",
                                                                           "prompt pooled",
                                                                           "texts together",
                                                                           "text beyond the step",
                                                                           "tokens forced",
                                                                           "forced tokens in parts",
                                                                           "guessed right",
                                                                           "guessed wrong",
                                                                           "context shifted",
                                                                           "recomputed",
                                                                           "planned ahead",
                                                                           "waited for the step that ran",
                                                                           "voided",
                                                                           "computed for nothing"};
  QUIRE_CHECK(occurrence < Occurrence::count, "it has a name");
  return names[static_cast<size_t>(occurrence)];
}

void Coverage::add(const Occurrences& occurrences) {
  for (size_t index = 0; index < occurrence_count; ++index) seeds_[index] += occurrences.test(index) ? 1 : 0;
}

void Coverage::add(const Coverage& other) {
  for (size_t index = 0; index < occurrence_count; ++index) seeds_[index] += other.seeds_[index];
}

}  // namespace quire::sim
