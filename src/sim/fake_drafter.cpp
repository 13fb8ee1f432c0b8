#include "sim/fake_drafter.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/random.h"
#include "engine/lookup_draft.h"
#include "sim/reference.h"
#include "sim/vocabulary.h"

namespace quire::sim {
namespace {

class FakeDrafter final : public Drafter {
 public:
  FakeDrafter(const World& world, const Tokenizer& tokenizer) : world_(world), tokenizer_(tokenizer) {}

  bool computes() const override { return (world_.draft_seed & 2) != 0; }
  void guess(std::span<DraftPlace> places) override {
    for (DraftPlace& place : places) {
      if (place.most > 0) guess_at(place);
    }
  }

 private:
  void guess_at(DraftPlace& place) {
    const Request& request = *place.request;
    Random random(mix(world_.draft_seed ^ mix(request.id.value << 32 ^ place.timeline.size())));
    const int32_t length = random.between(1, place.most);
    if (random.percent(20)) return static_cast<void>(lookup_draft(place.timeline, length, place.guesses));
    // What it says alone, with a wrong token now and then; behind a context that has shifted it is wrong altogether.
    auto [answer, is_new] = answers_.try_emplace(request.id);
    if (is_new) answer->second = answer_alone(request, world_.limits, tokenizer_).tokens;
    const size_t said = place.timeline.size() - std::min(place.timeline.size(), request.prompt.size());
    for (size_t at = said; std::ssize(place.guesses) < length; ++at) {
      const bool right = at < answer->second.size() && random.percent(85);
      place.guesses.push_back(right ? answer->second[at] : first_letter + random.below(letter_count));
    }
  }

  const World& world_;
  const Tokenizer& tokenizer_;
  std::map<SequenceId, std::vector<TokenId>> answers_;
};

}  // namespace

std::unique_ptr<Drafter> make_drafter(const World& world, const Tokenizer& tokenizer) {
  if (world.draft_seed == 0) return nullptr;
  return std::make_unique<FakeDrafter>(world, tokenizer);
}

}  // namespace quire::sim
