// Chooses a guess as the request would choose its token.
#pragma once

#include <span>
#include <vector>

#include "engine/drafter.h"
#include "engine/sampler.h"

namespace quire {

// By the request's own draws, so that it agrees with the model wherever both expect the same.
class DraftChooser {
 public:
  // Of a place's next guess nothing but the likeliest token counts.
  static bool takes_likeliest(const DraftPlace& place);
  // The token behind the place's guesses becomes one of them; false where there is none.
  bool choose(DraftPlace& place, std::span<const float> logits);

 private:
  Sampler sampler_;
  std::vector<TokenId> history_;
};

}  // namespace quire
