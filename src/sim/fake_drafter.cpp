#include "sim/fake_drafter.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/random.h"
#include "engine/lookup_draft.h"
#include "sim/reference.h"
#include "sim/vocabulary.h"

namespace quire::sim {

Drafter make_drafter(const World& world, const Tokenizer& tokenizer) {
  if (world.draft_seed == 0) return {};
  return [&world, &tokenizer, answers = std::map<SequenceId, std::vector<TokenId>>{}](
             const Request& request, std::span<const TokenId> timeline, std::vector<TokenId>& draft) mutable {
    Random random(mix(world.draft_seed ^ mix(request.id.value << 32 ^ timeline.size())));
    const int32_t length = random.between(1, draft_tokens_max);
    if (random.percent(20)) return lookup_draft(timeline, length, draft);
    // What it says alone, with a wrong token now and then; behind a context that has shifted it is wrong altogether.
    auto [answer, is_new] = answers.try_emplace(request.id);
    if (is_new) answer->second = answer_alone(request, world.limits, tokenizer).tokens;
    const size_t said = timeline.size() - std::min(timeline.size(), request.prompt.size());
    for (size_t at = said; std::ssize(draft) < length; ++at) {
      const bool right = at < answer->second.size() && random.percent(85);
      draft.push_back(right ? answer->second[at] : first_letter + random.below(letter_count));
    }
  };
}

}  // namespace quire::sim
