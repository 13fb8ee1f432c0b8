#include "engine/sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/fixed_math.h"
#include "engine/random.h"

namespace quire {
namespace {

constexpr float never = -std::numeric_limits<float>::infinity();

bool valid(TokenId token, size_t vocab) { return token >= 0 && static_cast<size_t>(token) < vocab; }

bool penalizes(const SamplingParams& params) {
  return params.repeat_last_n != 0 &&
         (params.repeat_penalty != 1.0F || params.presence_penalty != 0.0F || params.frequency_penalty != 0.0F);
}

// Better first; among equals the lower token id.
constexpr auto better = [](const auto& a, const auto& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
};

// A logit below every one whose weight is at least `min_p`, the best one's being 1.
float floor_of_weight(float best, float min_p) {
  constexpr double slack = 1e-3;  // more than exp and log can err
  const double floor = best + std::min(0.0, fixed_log(min_p)) - slack;
  return std::max(lowest_logit, std::nextafter(static_cast<float>(floor), never));
}

}  // namespace

std::optional<TokenId> Sampler::choose(std::span<const float> logits, const SamplingParams& params,
                                       std::span<const TokenId> history, std::span<const TokenId> forbidden,
                                       std::span<const uint64_t> allowed) {
  row_.set(adjusted(logits, params, history, forbidden, allowed));
  if (!row_.drawable()) return std::nullopt;
  if (params.temperature <= 0.0F || params.top_k == 1) return row_.first_best();
  return draw(params, history.size());
}

// The logits themselves where nothing changes them.
std::span<const float> Sampler::adjusted(std::span<const float> logits, const SamplingParams& params,
                                         std::span<const TokenId> history, std::span<const TokenId> forbidden,
                                         std::span<const uint64_t> allowed) {
  if (params.logit_bias.empty() && forbidden.empty() && allowed.empty() && !penalizes(params)) return logits;
  if (allowed.empty()) {
    adjusted_.assign(logits.begin(), logits.end());
  } else {
    keep_allowed(logits, allowed);
  }
  for (const auto& [token, bias] : params.logit_bias) {
    if (valid(token, adjusted_.size())) adjusted_[static_cast<size_t>(token)] += bias;
  }
  for (TokenId token : forbidden) {
    if (valid(token, adjusted_.size())) adjusted_[static_cast<size_t>(token)] = never;
  }
  if (penalizes(params)) penalize(params, history);
  return adjusted_;
}

// A constraint allows few tokens or nearly all: whole words of either kind are not looked at bit by bit.
void Sampler::keep_allowed(std::span<const float> logits, std::span<const uint64_t> allowed) {
  constexpr size_t word_tokens = 64;
  adjusted_.assign(logits.size(), never);
  for (size_t word = 0; word < allowed.size(); ++word) {
    const size_t begin = word * word_tokens;
    if (allowed[word] == 0 || begin >= logits.size()) continue;
    if (allowed[word] == ~uint64_t{0} && begin + word_tokens <= logits.size()) {
      std::copy_n(logits.begin() + static_cast<std::ptrdiff_t>(begin), word_tokens,
                  adjusted_.begin() + static_cast<std::ptrdiff_t>(begin));
      continue;
    }
    for (uint64_t bits = allowed[word]; bits != 0; bits &= bits - 1) {
      const size_t token = begin + static_cast<size_t>(std::countr_zero(bits));
      if (token < logits.size()) adjusted_[token] = logits[token];
    }
  }
}

void Sampler::penalize(const SamplingParams& params, std::span<const TokenId> history) {
  if (params.repeat_last_n > 0 && history.size() > static_cast<size_t>(params.repeat_last_n)) {
    history = history.last(static_cast<size_t>(params.repeat_last_n));
  }
  seen_.resize(adjusted_.size(), 0);
  for (TokenId token : history) {
    if (valid(token, seen_.size())) ++seen_[static_cast<size_t>(token)];
  }
  for (TokenId token : history) {
    if (!valid(token, seen_.size())) continue;
    int32_t& count = seen_[static_cast<size_t>(token)];
    if (count == 0) continue;  // done at its first occurrence
    float& logit = adjusted_[static_cast<size_t>(token)];
    logit = logit > 0.0F ? logit / params.repeat_penalty : logit * params.repeat_penalty;
    logit -= static_cast<float>(count) * params.frequency_penalty + params.presence_penalty;
    count = 0;
  }
}

TokenId Sampler::draw(const SamplingParams& params, uint64_t position) {
  const double uniform = keyed_uniform(params.seed, params.choice, position);
  bool cut = false;  // top-p is done
  if (params.top_k > 0) {
    gather_best(static_cast<size_t>(params.top_k));
  } else if (params.typical_p < 1.0F) {
    gather_best(std::numeric_limits<size_t>::max());
  } else if (params.top_p < 1.0F) {
    cut = gather_top_share(params.top_p);
    if (!cut) gather_best(std::numeric_limits<size_t>::max());
  } else if (params.min_p > 0.0F) {
    gather(floor_of_weight(row_.best(), params.min_p));
  } else {
    row_.weigh(params.temperature);
    if (const auto token = row_.token_at(uniform, params.temperature)) return *token;
    gather(lowest_logit);
  }
  if (params.typical_p < 1.0F) keep_typical(params.typical_p);
  if (params.top_p < 1.0F && !cut) keep_top_share(params.top_p);
  if (params.min_p > 0.0F) {
    weigh(1.0);
    std::erase_if(candidates_, [&](const Candidate& candidate) { return candidate.weight < params.min_p; });
  }
  weigh(params.temperature);
  const double target = uniform * total_weight();
  double sum = 0.0;
  for (const Candidate& candidate : candidates_) {
    sum += candidate.weight;
    if (sum > target) return candidate.token;
  }
  return candidates_.back().token;  // target rounded up to the total
}

// All tokens with a logit of at least `floor`, ascending.
void Sampler::gather(float floor) {
  candidates_.clear();
  row_.at_least(floor, [this](TokenId token, float logit) { candidates_.push_back({.token = token, .logit = logit}); });
}

// The `count` best tokens, best first.
void Sampler::gather_best(size_t count) {
  gather(std::max(lowest_logit, row_.reached_by(count)));
  count = std::min(count, candidates_.size());
  const auto middle = candidates_.begin() + static_cast<std::ptrdiff_t>(count);
  if (count < candidates_.size()) std::nth_element(candidates_.begin(), middle, candidates_.end(), better);
  candidates_.erase(middle, candidates_.end());
  std::sort(candidates_.begin(), candidates_.end(), better);
}

// Sets weight = exp((logit - best) / temperature): the best weighs 1.
void Sampler::weigh(double temperature) {
  const auto best = std::min_element(candidates_.begin(), candidates_.end(), better);
  const double top = best->logit;
  for (Candidate& candidate : candidates_) {
    candidate.weight = fixed_exp((static_cast<double>(candidate.logit) - top) / temperature);
  }
}

double Sampler::total_weight() const {
  double total = 0.0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  return total;
}

// How many of the candidates, from the first on, it takes to weigh at least `sum` together, but at least one.
size_t Sampler::count_until(double sum) const {
  size_t count = 0;
  for (double reached = 0.0; count < candidates_.size() && reached < sum; ++count) reached += candidates_[count].weight;
  return std::max<size_t>(count, 1);
}

// Locally typical sampling (Meister et al. 2022): the tokens whose surprise is nearest to the entropy, until they
// hold `share` of the probability; then best first again.
void Sampler::keep_typical(double share) {
  weigh(1.0);
  const double total = total_weight();
  double entropy = 0.0;
  for (const Candidate& candidate : candidates_) {
    const double probability = candidate.weight / total;
    if (probability > 0.0) entropy -= probability * fixed_log(probability);
  }
  for (Candidate& candidate : candidates_) {
    candidate.distance = candidate.weight > 0.0 ? std::abs(-fixed_log(candidate.weight / total) - entropy)
                                                : std::numeric_limits<double>::infinity();
  }
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.token < b.token);
  });
  candidates_.resize(count_until(share * total));
  std::sort(candidates_.begin(), candidates_.end(), better);
}

// Nucleus sampling (Holtzman et al. 2020): the best tokens until they hold `share` of the probability.
// REQUIRES: best first.
void Sampler::keep_top_share(double share) {
  weigh(1.0);
  candidates_.resize(count_until(share * total_weight()));
}

// The same among all tokens, without looking at those that cannot be among them. False when the sum of all weights,
// rounded otherwise, could move the cut; or when too few tokens can be left out.
bool Sampler::gather_top_share(double share) {
  const double total = row_.weigh(1.0);
  const double sum_min = share * total * (1.0 - LogitRow::sum_tolerance);
  const double sum_max = share * total * (1.0 + LogitRow::sum_tolerance);
  for (const float distance : {4.0F, 8.0F, 12.0F, 16.0F}) {
    gather(std::max(lowest_logit, row_.best() - distance));
    weigh(1.0);
    if (total_weight() < sum_max) continue;
    std::sort(candidates_.begin(), candidates_.end(), better);
    const size_t count = count_until(sum_max);
    if (count == candidates_.size()) continue;  // these may not reach it, added up in this order
    if (count != count_until(sum_min)) return false;
    candidates_.resize(count);
    return true;
  }
  return false;
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
  gather(row_.reached_by(count));
  std::partial_sort(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(count), candidates_.end(),
                    better);
  for (size_t index = 0; index < count; ++index) result.top.push_back(logprob(candidates_[index].token));
  return result;
}

}  // namespace quire
