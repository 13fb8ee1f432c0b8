#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/fixed_math.h"
#include "engine/random.h"

namespace quire {
namespace {

constexpr float never = -std::numeric_limits<float>::infinity();

bool valid(TokenId token, size_t vocab) { return token >= 0 && static_cast<size_t>(token) < vocab; }

// The lowest id among the largest logits; nothing when no logit is above minus infinity or any is NaN or +infinity.
std::optional<TokenId> argmax(std::span<const float> logits) {
  size_t best = 0;
  bool finite = true;
  for (size_t token = 0; token < logits.size(); ++token) {
    finite &= logits[token] < std::numeric_limits<float>::infinity();  // false for NaN too
    if (logits[token] > logits[best]) best = token;
  }
  if (!finite || logits.empty() || logits[best] == never) return std::nullopt;
  return static_cast<TokenId>(best);
}

bool penalizes(const SamplingParams& params) {
  return params.repeat_last_n != 0 &&
         (params.repeat_penalty != 1.0F || params.presence_penalty != 0.0F || params.frequency_penalty != 0.0F);
}

// Better first; among equals the lower token id.
constexpr auto better = [](const auto& a, const auto& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
};

}  // namespace

std::optional<TokenId> Sampler::choose(std::span<const float> logits, const SamplingParams& params,
                                       std::span<const TokenId> history, std::span<const TokenId> forbidden) {
  logits_.assign(logits.begin(), logits.end());
  apply_bias_and_penalties(params, history, forbidden);
  const std::optional<TokenId> best = argmax(logits_);
  if (!best || params.temperature <= 0.0F || params.top_k == 1) return best;

  candidates_.clear();
  for (size_t token = 0; token < logits_.size(); ++token) {
    if (logits_[token] != never) candidates_.push_back({static_cast<TokenId>(token), logits_[token], 0.0});
  }
  return draw(params, history.size());
}

void Sampler::apply_bias_and_penalties(const SamplingParams& params, std::span<const TokenId> history,
                                       std::span<const TokenId> forbidden) {
  for (const auto& [token, bias] : params.logit_bias) {
    if (valid(token, logits_.size())) logits_[static_cast<size_t>(token)] += bias;
  }
  for (TokenId token : forbidden) {
    if (valid(token, logits_.size())) logits_[static_cast<size_t>(token)] = never;
  }
  if (!penalizes(params)) return;
  if (params.repeat_last_n > 0 && history.size() > static_cast<size_t>(params.repeat_last_n)) {
    history = history.last(static_cast<size_t>(params.repeat_last_n));
  }
  seen_.resize(logits_.size(), 0);
  for (TokenId token : history) {
    if (valid(token, seen_.size())) ++seen_[static_cast<size_t>(token)];
  }
  for (TokenId token : history) {
    if (!valid(token, seen_.size())) continue;
    int32_t& count = seen_[static_cast<size_t>(token)];
    if (count == 0) continue;  // done at its first occurrence
    float& logit = logits_[static_cast<size_t>(token)];
    logit = logit > 0.0F ? logit / params.repeat_penalty : logit * params.repeat_penalty;
    logit -= static_cast<float>(count) * params.frequency_penalty + params.presence_penalty;
    count = 0;
  }
}

TokenId Sampler::draw(const SamplingParams& params, uint64_t position) {
  const bool needs_order = params.top_k > 0 || params.top_p < 1.0F || params.typical_p < 1.0F;
  if (needs_order) {
    keep_best(params.top_k > 0 ? static_cast<size_t>(params.top_k) : candidates_.size());
  }
  if (params.typical_p < 1.0F) keep_typical(params.typical_p);
  if (params.top_p < 1.0F) keep_top_share(params.top_p);
  if (params.min_p > 0.0F) {
    weigh(1.0);
    std::erase_if(candidates_, [&](const Candidate& candidate) { return candidate.weight < params.min_p; });
  }
  weigh(params.temperature);
  double total = 0.0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  const double target = keyed_uniform(params.seed, params.choice, position) * total;
  double sum = 0.0;
  for (const Candidate& candidate : candidates_) {
    sum += candidate.weight;
    if (sum > target) return candidate.token;
  }
  return candidates_.back().token;  // target rounded up to the total
}

void Sampler::keep_best(size_t count) {
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

// Locally typical sampling (Meister et al. 2022): the tokens whose surprise is nearest to the entropy, until they
// hold `share` of the probability; then best first again.
void Sampler::keep_typical(double share) {
  weigh(1.0);
  double total = 0.0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  double entropy = 0.0;
  for (const Candidate& candidate : candidates_) {
    const double probability = candidate.weight / total;
    if (probability > 0.0) entropy -= probability * fixed_log(probability);
  }
  const auto distance = [&](const Candidate& candidate) {
    if (candidate.weight <= 0.0) return std::numeric_limits<double>::infinity();
    return std::abs(-fixed_log(candidate.weight / total) - entropy);
  };
  std::sort(candidates_.begin(), candidates_.end(), [&](const Candidate& a, const Candidate& b) {
    const double distance_a = distance(a);
    const double distance_b = distance(b);
    return distance_a < distance_b || (distance_a == distance_b && a.token < b.token);
  });
  double sum = 0.0;
  size_t kept = 0;
  while (kept < candidates_.size() && sum < share * total) sum += candidates_[kept++].weight;
  candidates_.resize(std::max<size_t>(kept, 1));
  std::sort(candidates_.begin(), candidates_.end(), better);
}

// Nucleus sampling: the best tokens until they hold `share` of the probability. REQUIRES: best first.
void Sampler::keep_top_share(double share) {
  weigh(1.0);
  double total = 0.0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  double sum = 0.0;
  size_t kept = 0;
  while (kept < candidates_.size() && sum < share * total) sum += candidates_[kept++].weight;
  candidates_.resize(std::max<size_t>(kept, 1));
}

PositionLogprobs position_logprobs(std::span<const float> logits, TokenId chosen, int32_t top_n) {
  const double best = *std::max_element(logits.begin(), logits.end());
  double total = 0.0;
  for (float logit : logits) total += fixed_exp(static_cast<double>(logit) - best);
  const double log_total = fixed_log(total);
  const auto logprob = [&](TokenId token) {
    return TokenLogprob{
        token, static_cast<float>(static_cast<double>(logits[static_cast<size_t>(token)]) - best - log_total), {}};
  };
  PositionLogprobs result;
  result.chosen = logprob(chosen);
  const size_t count = std::min(static_cast<size_t>(std::max(top_n, 0)), logits.size());
  if (count == 0) return result;
  std::vector<TokenId> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](TokenId a, TokenId b) {
                      const float logit_a = logits[static_cast<size_t>(a)];
                      const float logit_b = logits[static_cast<size_t>(b)];
                      return logit_a > logit_b || (logit_a == logit_b && a < b);
                    });
  for (size_t index = 0; index < count; ++index) result.top.push_back(logprob(order[index]));
  return result;
}

}  // namespace quire
