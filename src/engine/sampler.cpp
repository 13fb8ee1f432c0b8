#include "engine/sampler.h"

#include <algorithm>
#include <limits>

#include "base/fixed_math.h"
#include "engine/mirostat.h"

namespace quire {
namespace {

// bad_words: the answer so far must not be gone on with to one of them.
void forbid_bad_words(Candidates& candidates, const SamplingParams& params, const SamplingPlace& place) {
  const std::span<const TokenId> answer = place.history.subspan(std::min(place.prompt_tokens, place.history.size()));
  for (const std::vector<TokenId>& word : params.bad_words) {
    const std::span<const TokenId> begin = std::span(word).first(word.size() - 1);
    const bool begun = begin.size() <= answer.size() && std::ranges::equal(begin, answer.last(begin.size()));
    if (begun) candidates.forbid(std::span(&word.back(), 1));
  }
}

double probability_of(std::span<const Candidate> weighed, TokenId token) {
  double total = 0.0;
  for (const Candidate& candidate : weighed) total += candidate.weight;
  return std::ranges::find(weighed, token, &Candidate::token)->weight / total;
}

}  // namespace

void Sampler::forbid(const SamplingParams& params, const SamplingPlace& place) {
  Candidates& candidates = scratch_.candidates;
  for (const auto& [token, bias] : params.logit_bias) candidates.add(token, bias);
  if (!place.mask.empty()) candidates.allow_only(place.mask);
  if (!params.allowed_tokens.empty()) candidates.allow_only(std::span<const TokenId>(params.allowed_tokens));
  candidates.forbid(place.forbidden);
  forbid_bad_words(candidates, params, place);
}

// False: nothing can be chosen.
bool Sampler::run(std::span<const float> logits, const SamplingParams& params, const SamplingPlace& place) {
  Candidates& candidates = scratch_.candidates;
  candidates.set(logits);
  forbid(params, place);
  const bool without_cuts = params.mirostat.version != 0 || greedy(params);
  bool checked = false;
  for (const SamplingStep name : params.order.steps()) {
    const SamplingStepRule& rule = rule_of(name);
    if ((rule.cuts && without_cuts) || !rule.asked(params)) continue;
    // The row is looked at when penalties have changed it: once.
    const bool looks = rule.cuts || name == SamplingStep::temperature;
    if (looks && !checked && !candidates.drawable()) return false;
    checked = checked || looks;
    rule.run(scratch_, params, place);
  }
  return checked || candidates.drawable();
}

std::optional<SamplingChoice> Sampler::choose(std::span<const float> logits, const SamplingParams& params,
                                              const SamplingPlace& place) {
  if (!run(logits, params, place)) return std::nullopt;
  Candidates& candidates = scratch_.candidates;
  if (greedy(params)) return SamplingChoice{candidates.best(), place.mirostat_mu};
  const double uniform = uniform_at(place, params, DrawPurpose::token);
  if (params.mirostat.version == 0) return SamplingChoice{candidates.draw(uniform), {}};
  const double mu = place.mirostat_mu.value_or(mirostat_begin(params.mirostat));
  mirostat_cut(candidates, params.mirostat, mu);
  const TokenId token = candidates.draw(uniform);
  return SamplingChoice{token, mirostat_next(params.mirostat, mu, probability_of(candidates.weighed(), token))};
}

std::span<const Candidate> Sampler::distribution(std::span<const float> logits, const SamplingParams& params,
                                                 const SamplingPlace& place) {
  if (!run(logits, params, place)) return {};
  Candidates& candidates = scratch_.candidates;
  if (greedy(params)) {
    candidates.keep_best(1);
  } else if (params.mirostat.version != 0) {
    mirostat_cut(candidates, params.mirostat, place.mirostat_mu.value_or(mirostat_begin(params.mirostat)));
  }
  return candidates.weighed();
}

PositionLogprobs Sampler::logprobs(std::span<const float> logits, TokenId chosen, int32_t top_n) {
  row_.set(logits);
  const double best = row_.best();
  const double log_total = fixed_log(row_.weigh(1.0));
  const auto logprob = [&](TokenId token) {
    return TokenLogprob{
        token, static_cast<float>(static_cast<double>(logits[static_cast<size_t>(token)]) - best - log_total), {}};
  };
  PositionLogprobs result;
  result.chosen = logprob(chosen);
  if (top_n <= 0 || !row_.drawable()) return result;  // a forbidden token's logit may be no number: there is no order
  const size_t count = std::min(static_cast<size_t>(top_n), logits.size());
  best_.clear();
  row_.at_least(row_.reached_by(count),
                [this](TokenId token, float logit) { best_.push_back({.token = token, .logit = logit}); });
  std::partial_sort(best_.begin(), best_.begin() + static_cast<std::ptrdiff_t>(count), best_.end(), better);
  for (size_t index = 0; index < count; ++index) result.top.push_back(logprob(best_[index].token));
  return result;
}

}  // namespace quire
