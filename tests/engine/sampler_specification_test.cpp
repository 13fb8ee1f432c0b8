// The sampler against its specification: every token is a candidate, all are sorted, all weights are added up.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "base/fixed_math.h"
#include "engine/random.h"
#include "engine/sampler.h"

namespace quire {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

struct Candidate {
  TokenId token;
  float logit;
  double weight = 0.0;
};
using Candidates = std::vector<Candidate>;

bool better(const Candidate& a, const Candidate& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

// A change of the logits that any chain begins with.
std::vector<float> adjusted(std::vector<float> logits, const SamplingParams& params, std::span<const TokenId> history,
                            std::span<const TokenId> forbidden) {
  const auto valid = [&](TokenId token) { return token >= 0 && static_cast<size_t>(token) < logits.size(); };
  for (const auto& [token, bias] : params.logit_bias) {
    if (valid(token)) logits[static_cast<size_t>(token)] += bias;
  }
  for (const TokenId token : forbidden) {
    if (valid(token)) logits[static_cast<size_t>(token)] = -infinity;
  }
  if (params.repeat_last_n == 0) return logits;
  if (params.repeat_last_n > 0) {
    history = history.last(std::min(history.size(), static_cast<size_t>(params.repeat_last_n)));
  }
  for (TokenId token = 0; valid(token); ++token) {
    const auto count = std::ranges::count(history, token);
    if (count == 0) continue;
    float& logit = logits[static_cast<size_t>(token)];
    logit = logit > 0.0F ? logit / params.repeat_penalty : logit * params.repeat_penalty;
    logit -= static_cast<float>(count) * params.frequency_penalty + params.presence_penalty;
  }
  return logits;
}

void weigh(Candidates& candidates, double temperature) {
  const double top = std::ranges::min_element(candidates, better)->logit;
  for (Candidate& candidate : candidates) candidate.weight = fixed_exp((double{candidate.logit} - top) / temperature);
}

double total(const Candidates& candidates) {
  double sum = 0.0;
  for (const Candidate& candidate : candidates) sum += candidate.weight;
  return sum;
}

void keep_until(Candidates& candidates, double target) {
  double sum = 0.0;
  size_t kept = 0;
  while (kept < candidates.size() && sum < target) sum += candidates[kept++].weight;
  candidates.resize(std::max<size_t>(kept, 1));
}

void keep_typical(Candidates& candidates, double share) {
  weigh(candidates, 1.0);
  const double sum = total(candidates);
  double entropy = 0.0;
  for (const Candidate& candidate : candidates) {
    const double probability = candidate.weight / sum;
    if (probability > 0.0) entropy -= probability * fixed_log(probability);
  }
  const auto distance = [&](const Candidate& candidate) {
    if (candidate.weight <= 0.0) return std::numeric_limits<double>::infinity();
    return std::abs(-fixed_log(candidate.weight / sum) - entropy);
  };
  std::ranges::sort(candidates, [&](const Candidate& a, const Candidate& b) {
    return distance(a) < distance(b) || (distance(a) == distance(b) && a.token < b.token);
  });
  keep_until(candidates, share * sum);
  std::ranges::sort(candidates, better);
}

std::optional<TokenId> specified_choice(const std::vector<float>& given, const SamplingParams& params,
                                        std::span<const TokenId> history, std::span<const TokenId> forbidden) {
  const std::vector<float> logits = adjusted(given, params, history, forbidden);
  Candidates candidates;
  for (size_t token = 0; token < logits.size(); ++token) {
    if (!(logits[token] < infinity)) return std::nullopt;
    if (logits[token] != -infinity) candidates.push_back({static_cast<TokenId>(token), logits[token]});
  }
  if (candidates.empty()) return std::nullopt;
  if (params.temperature <= 0.0F) return std::ranges::min_element(candidates, better)->token;
  if (params.top_k > 0 || params.top_p < 1.0F || params.typical_p < 1.0F) std::ranges::sort(candidates, better);
  if (params.top_k > 0) candidates.resize(std::min(candidates.size(), static_cast<size_t>(params.top_k)));
  if (params.typical_p < 1.0F) keep_typical(candidates, params.typical_p);
  if (params.top_p < 1.0F) {
    weigh(candidates, 1.0);
    keep_until(candidates, double{params.top_p} * total(candidates));
  }
  if (params.min_p > 0.0F) {
    weigh(candidates, 1.0);
    std::erase_if(candidates, [&](const Candidate& candidate) { return candidate.weight < params.min_p; });
  }
  weigh(candidates, params.temperature);
  const double target = keyed_uniform(params.seed, params.choice, history.size()) * total(candidates);
  double sum = 0.0;
  for (const Candidate& candidate : candidates) {
    sum += candidate.weight;
    if (sum > target) return candidate.token;
  }
  return candidates.back().token;
}

using Random = std::mt19937_64;

template <typename T>
T any_of(Random& random, std::initializer_list<T> values) {
  return values.begin()[random() % values.size()];
}

// Rows as models and broken models make them: spread, flat, with ties, all equal, with tokens that cannot be.
std::vector<float> random_logits(Random& random) {
  const size_t vocab = any_of<size_t>(random, {1, 2, 5, 127, 128, 129, 255, 300, 1000, 1024, 5000});
  std::normal_distribution<float> normal(any_of(random, {0.0F, -30.0F, 1e4F}),
                                         any_of(random, {0.0F, 0.01F, 1.0F, 3.0F, 10.0F, 400.0F}));
  const float step = any_of(random, {0.0F, 0.0F, 0.25F, 2.0F});
  const uint64_t one_in = any_of<uint64_t>(random, {0, 0, 2, 50});
  std::vector<float> logits(vocab);
  for (float& logit : logits) {
    logit = normal(random);
    if (step > 0.0F) logit = std::round(logit / step) * step;
    if (one_in > 0 && random() % one_in == 0) logit = -infinity;
  }
  if (random() % 20 == 0) {
    logits[random() % vocab] =
        any_of(random, {infinity, std::nanf(""), -std::nanf(""), std::numeric_limits<float>::max()});
  }
  if (random() % 40 == 0) std::ranges::fill(logits, -infinity);
  return logits;
}

SamplingParams random_params(Random& random, size_t vocab) {
  SamplingParams params{.seed = random(), .choice = static_cast<uint32_t>(random() % 3)};
  params.temperature = any_of(random, {0.0F, 1e-3F, 0.3F, 0.8F, 1.0F, 1.0F, 2.0F, 100.0F});
  params.top_k = any_of(random, {0, 0, 0, 1, 2, 5, 40, 1000, 100'000});
  params.top_p = any_of(random, {1.0F, 1.0F, 0.9F, 0.9F, 0.5F, 0.1F, 0.0F, 0.9999F});
  params.min_p = any_of(random, {0.0F, 0.0F, 0.05F, 1e-6F, 1.0F});
  if (vocab <= 300) params.typical_p = any_of(random, {1.0F, 1.0F, 0.9F, 0.5F});
  if (random() % 4 == 0) {
    params.repeat_penalty = any_of(random, {1.0F, 1.1F, 2.0F});
    params.presence_penalty = any_of(random, {0.0F, 0.5F});
    params.frequency_penalty = any_of(random, {0.0F, 0.25F});
    params.repeat_last_n = any_of(random, {-1, 0, 3, 64});
  }
  if (random() % 8 == 0) params.logit_bias = {{static_cast<TokenId>(random() % vocab), 3.0F}, {-1, 1.0F}, {9999, 1.0F}};
  return params;
}

TEST(SamplerSpecification, random_rows_and_parameters_choose_the_same_token) {
  Sampler sampler;  // one for all: no scratch of one call reaches the next
  for (uint64_t seed = 1; seed <= 6000; ++seed) {
    Random random(seed);
    const std::vector<float> logits = random_logits(random);
    const auto token = [&] { return static_cast<TokenId>(random() % logits.size()); };
    std::vector<TokenId> history(random() % 100);
    std::ranges::generate(history, token);
    std::vector<TokenId> forbidden;
    if (random() % 3 == 0) forbidden = {token(), token(), -1, 9999};
    const SamplingParams params = random_params(random, logits.size());
    for (int draw = 0; draw < 3; ++draw) {
      ASSERT_EQ(sampler.choose(logits, params, history, forbidden),
                specified_choice(logits, params, history, forbidden))
          << "seed " << seed << ", draw " << draw;
      history.push_back(token());
    }
  }
}

TEST(SamplerSpecification, a_cut_exactly_at_the_share_is_where_the_sorted_sum_reaches_it) {
  Sampler sampler;
  for (const size_t vocab : {2, 64, 256, 4096}) {
    const std::vector<float> logits(vocab, 1.5F);
    for (const float top_p : {0.25F, 0.5F, 0.75F}) {
      for (uint64_t seed = 0; seed < 20; ++seed) {
        const SamplingParams params{.temperature = 1.0F, .top_p = top_p, .seed = seed};
        ASSERT_EQ(sampler.choose(logits, params, {}, {}), specified_choice(logits, params, {}, {})) << vocab;
      }
    }
  }
}

TEST(SamplerSpecification, a_draw_at_the_border_of_two_tokens_is_the_exact_sums) {
  // Positions whose number in [0, 1) is nearly a multiple of 1 / vocab, which is where equal tokens meet.
  constexpr size_t vocab = 4096;
  const std::vector<float> logits(vocab, -2.0F);
  const SamplingParams params{.temperature = 1.0F, .seed = 5};
  Sampler sampler;
  int found = 0;
  for (uint64_t position = 0; position < 3'000'000 && found < 12; ++position) {
    const double place = keyed_uniform(params.seed, params.choice, position) * vocab;
    if (std::abs(place - std::round(place)) > vocab * LogitRow::sum_tolerance) continue;
    ++found;
    const std::vector<TokenId> history(position);
    ASSERT_EQ(sampler.choose(logits, params, history, {}), static_cast<TokenId>(place)) << position;
  }
  EXPECT_GE(found, 5);
}

TEST(SamplerSpecification, a_vocabulary_as_large_as_they_come) {
  Random random(3);
  std::vector<float> logits(151'936);
  for (const float spread : {0.0F, 2.0F, 6.0F}) {
    std::normal_distribution<float> normal(0.0F, 1.0F);
    for (float& logit : logits) logit = spread * normal(random);
    Sampler sampler;
    for (const SamplingParams& params :
         {SamplingParams{}, SamplingParams{.temperature = 0.8F, .top_k = 40, .top_p = 0.9F},
          SamplingParams{.temperature = 1.0F, .top_p = 0.9F}, SamplingParams{.temperature = 1.0F},
          SamplingParams{.temperature = 1.0F, .min_p = 0.1F}, SamplingParams{.temperature = 1.0F, .top_k = 2000}}) {
      for (const size_t position : {0, 1, 2}) {
        const std::vector<TokenId> history(position);
        ASSERT_EQ(sampler.choose(logits, params, history, {}), specified_choice(logits, params, history, {}));
      }
    }
  }
}

TEST(SamplerSpecification, logprobs_are_those_of_the_sorted_softmax) {
  Sampler sampler;
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    Random random(seed);
    const std::vector<float> logits = random_logits(random);
    const auto chosen = sampler.choose(logits, {}, {}, {});
    if (!chosen) continue;
    double sum = 0.0;
    for (const float logit : logits) sum += fixed_exp(double{logit} - double{logits[static_cast<size_t>(*chosen)]});
    const auto expected = [&](TokenId token) {
      return double{logits[static_cast<size_t>(token)]} - double{logits[static_cast<size_t>(*chosen)]} - fixed_log(sum);
    };
    std::vector<TokenId> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, std::greater(), [&](TokenId token) { return logits[static_cast<size_t>(token)]; });
    const auto top_n = any_of(random, {0, 1, 5, 20, 10'000});
    const PositionLogprobs found = sampler.logprobs(logits, *chosen, top_n);
    EXPECT_EQ(found.chosen.token, *chosen);
    // A rounding to float, and what sums may differ by.
    const auto near = [](float value, double wanted) {
      return std::isinf(wanted) ? value == wanted : std::abs(value - wanted) <= 1e-7 * std::abs(wanted) + 2e-9;
    };
    EXPECT_TRUE(near(found.chosen.logprob, expected(*chosen))) << seed;
    ASSERT_EQ(found.top.size(), std::min(logits.size(), static_cast<size_t>(top_n))) << seed;
    for (size_t index = 0; index < found.top.size(); ++index) {
      ASSERT_EQ(found.top[index].token, order[index]) << seed;
      ASSERT_TRUE(near(found.top[index].logprob, expected(order[index]))) << seed;
    }
  }
}

}  // namespace
}  // namespace quire
