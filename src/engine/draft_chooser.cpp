#include "engine/draft_chooser.h"

#include <optional>

#include "engine/sampling_steps.h"

namespace quire {

bool DraftChooser::takes_likeliest(const DraftPlace& place) {
  return place.forbidden.empty() && quire::takes_likeliest(place.request->sampling);
}

bool DraftChooser::choose(DraftPlace& place, std::span<const float> logits) {
  history_.assign(place.timeline.begin(), place.timeline.end());
  history_.insert(history_.end(), place.guesses.begin(), place.guesses.end());
  const std::optional<SamplingChoice> choice =
      sampler_.choose(logits, place.request->sampling,
                      {.history = history_, .prompt_tokens = place.prompt_tokens, .forbidden = place.forbidden});
  if (choice) place.guesses.push_back(choice->token);
  return choice.has_value();
}

}  // namespace quire
