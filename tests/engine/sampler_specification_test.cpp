// The sampler against its specification: every token is a candidate, all are sorted, all weights are added up.
#include "engine/sampler_specification.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "base/fixed_math.h"
#include "engine/logit_row.h"
#include "engine/random.h"
#include "engine/sampler.h"
#include "support/sanitized.h"

namespace quire::test {
namespace {

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

SamplingOrder random_order(Random& random) {
  const SamplingOrder all;
  std::vector<SamplingStep> steps(all.steps().begin(), all.steps().end());
  std::ranges::shuffle(steps, random);
  steps.resize(random() % 3 == 0 ? random() % (steps.size() + 1) : steps.size());
  return SamplingOrder::of(steps);
}

DryParams random_dry(Random& random, size_t vocab) {
  DryParams dry{.multiplier = any_of(random, {0.8F, 5.0F}), .base = any_of(random, {1.0F, 1.75F, 4.0F})};
  dry.allowed_length = any_of(random, {0, 1, 2, 2, 5});
  dry.penalty_last_n = any_of(random, {-1, -1, 0, 7, 1000});
  for (size_t count = random() % 3; count > 0; --count) {
    dry.breakers.push_back({.first = static_cast<TokenId>(random() % vocab)});
    while (random() % 3 == 0) dry.breakers.back().rest.push_back(static_cast<TokenId>(random() % vocab));
  }
  std::ranges::sort(dry.breakers, {}, &DryBreaker::first);
  return dry;
}

SamplingParams random_params(Random& random, size_t vocab) {
  SamplingParams params{.seed = random(), .choice = static_cast<uint32_t>(random() % 3)};
  const auto one_in = [&](uint64_t count) { return random() % count == 0; };
  params.temperature = any_of(random, {0.0F, 1e-3F, 0.3F, 0.8F, 1.0F, 1.0F, 2.0F, 100.0F});
  params.top_k = any_of(random, {0, 0, 0, 1, 2, 5, 40, 1000, 100'000});
  params.top_p = any_of(random, {1.0F, 1.0F, 0.9F, 0.9F, 0.5F, 0.1F, 0.0F, 0.9999F});
  params.min_p = any_of(random, {0.0F, 0.0F, 0.05F, 1e-6F, 1.0F});
  if (vocab <= 300) params.typical_p = any_of(random, {1.0F, 1.0F, 0.9F, 0.5F});
  if (one_in(4)) {
    params.repeat_penalty = any_of(random, {1.0F, 1.1F, 2.0F});
    params.presence_penalty = any_of(random, {0.0F, 0.5F});
    params.frequency_penalty = any_of(random, {0.0F, 0.25F});
    params.repeat_last_n = any_of(random, {-1, 0, 3, 64});
  }
  if (one_in(6)) params.repetition_penalty = any_of(random, {1.3F, 0.5F});
  if (one_in(4)) params.dry = random_dry(random, vocab);
  if (one_in(4)) params.top_n_sigma = any_of(random, {0.5F, 1.0F, 3.0F});
  if (one_in(3))
    params.xtc = {.probability = any_of(random, {0.5F, 1.0F}), .threshold = any_of(random, {0.0F, 0.01F, 0.1F, 0.5F})};
  if (one_in(4)) params.dynatemp_range = any_of(random, {0.3F, 5.0F});
  if (one_in(4)) params.dynatemp_exponent = any_of(random, {0.0F, 0.5F, 2.0F});
  if (one_in(4)) params.min_keep = any_of(random, {1, 3, 50, 100'000});
  if (one_in(5)) {
    params.mirostat = {.version = any_of<uint8_t>(random, {1, 2}),
                       .tau = any_of(random, {0.0F, 1.0F, 3.0F, 5.0F, 20.0F})};
  }
  if (one_in(3)) params.order = random_order(random);
  if (one_in(8)) params.logit_bias = {{static_cast<TokenId>(random() % vocab), 3.0F}, {-1, 1.0F}, {9999, 1.0F}};
  if (one_in(8)) params.logit_bias.emplace_back(static_cast<TokenId>(random() % vocab), -infinity);
  if (one_in(8)) {
    for (size_t token = random() % 4; token < vocab + 2; token += 1 + random() % 4) {
      params.allowed_tokens.push_back(static_cast<TokenId>(token));
    }
  }
  for (size_t count = one_in(4) ? 3 : 0; count > 0; --count) {
    params.bad_words.emplace_back(1 + random() % 3);
    std::ranges::generate(params.bad_words.back(), [&] { return static_cast<TokenId>(random() % vocab); });
  }
  return params;
}

std::string described(const SamplingParams& params) {
  std::string order;
  for (const SamplingStep step : params.order.steps()) order += std::to_string(static_cast<int>(step));
  return fmt::format(
      "t {} range {} exponent {} k {} p {} min {} typical {} sigma {} keep {} dry {} xtc {}/{} mirostat {}/{} order {}",
      params.temperature, params.dynatemp_range, params.dynatemp_exponent, params.top_k, params.top_p, params.min_p,
      params.typical_p, params.top_n_sigma, params.min_keep, params.dry.multiplier, params.xtc.probability,
      params.xtc.threshold, params.mirostat.version, params.mirostat.tau, order);
}

void expect_specified(Sampler& sampler, const std::vector<float>& logits, const SamplingParams& params,
                      const SamplingPlace& place, uint64_t seed) {
  const auto found = sampler.choose(logits, params, place);
  const auto wanted = specified_choice(logits, params, place);
  ASSERT_EQ(found.has_value(), wanted.has_value()) << "seed " << seed;
  if (!wanted) return;
  ASSERT_EQ(found->token, wanted->token) << "seed " << seed << ": " << described(params);
  ASSERT_EQ(found->mirostat_mu, wanted->mirostat_mu) << "seed " << seed;
}

TEST(SamplerSpecification, where_the_likeliest_token_is_enough_it_is_chosen) {
  Sampler sampler;
  int met = 0;
  for (uint64_t seed = 1; seed <= (is_sanitized ? 1500 : 6000); ++seed) {
    Random random(seed);
    const std::vector<float> logits = random_logits(random);
    std::vector<TokenId> history(random() % 100);
    std::ranges::generate(history, [&] { return static_cast<TokenId>(random() % logits.size()); });
    SamplingParams params = random_params(random, logits.size());
    params.temperature = 0.0F;
    if (!takes_likeliest(params)) continue;
    ++met;
    const BatchSlice slice{.logits_row = 0, .likeliest = true};
    std::vector<TokenId> likeliest;
    fill_likeliest({.slices = {&slice, 1}, .logits_rows = 1}, logits, static_cast<int32_t>(logits.size()), likeliest);
    const auto chosen = sampler.choose(logits, params, {.history = history});
    ASSERT_EQ(likeliest.front(), chosen ? chosen->token : no_likeliest) << "seed " << seed << ": " << described(params);
  }
  EXPECT_GT(met, 100);
}

TEST(SamplerSpecification, random_rows_and_parameters_choose_the_same_token) {
  Sampler sampler;  // one for all: no scratch of one call reaches the next
  for (uint64_t seed = 1; seed <= (is_sanitized ? 1500 : 6000); ++seed) {
    Random random(seed);
    const std::vector<float> logits = random_logits(random);
    const size_t variety = random() % 2 == 0 ? std::min<size_t>(logits.size(), 3) : logits.size();  // few: they repeat
    const auto token = [&] { return static_cast<TokenId>(random() % variety); };
    std::vector<TokenId> history(random() % 100);
    std::ranges::generate(history, token);
    std::vector<TokenId> forbidden;
    if (random() % 3 == 0) forbidden = {token(), token(), -1, 9999};
    std::vector<uint64_t> mask;
    if (random() % 8 == 0) mask.resize((logits.size() + 63) / 64 - (random() % 4 == 0 ? 1 : 0));
    std::ranges::generate(mask, [&] { return any_of<uint64_t>(random, {0, ~uint64_t{0}, random()}); });
    const SamplingParams params = random_params(random, logits.size());
    std::optional<double> mu;
    const size_t prompt_tokens = history.size() - std::min<size_t>(history.size(), random() % 4);
    for (int draw = 0; draw < 3; ++draw) {
      const SamplingPlace place{
          .history = history, .prompt_tokens = prompt_tokens, .forbidden = forbidden, .mask = mask, .mirostat_mu = mu};
      ASSERT_NO_FATAL_FAILURE(expect_specified(sampler, logits, params, place, seed));
      if (const auto choice = sampler.choose(logits, params, place)) mu = choice->mirostat_mu;
      history.push_back(token());
    }
  }
}

TEST(SamplerSpecification, what_repeats_is_found_as_by_trying_every_place) {
  DryRepetitions repetitions;
  for (uint64_t seed = 1; seed <= 4000; ++seed) {
    Random random(seed);
    const size_t vocab = 1 + random() % 4;
    std::vector<TokenId> history(random() % 60);
    std::ranges::generate(history, [&] { return static_cast<TokenId>(random() % vocab); });
    const DryParams dry = random_dry(random, vocab);
    std::vector<LogitPenalty> found;
    repetitions.penalize(history, dry, found);
    std::ranges::sort(found, {}, &LogitPenalty::token);
    const std::vector<LogitPenalty> wanted = specified_dry(history, dry);
    ASSERT_EQ(found.size(), wanted.size()) << "seed " << seed;
    for (size_t index = 0; index < found.size(); ++index) {
      ASSERT_EQ(found[index].token, wanted[index].token) << "seed " << seed;
      ASSERT_EQ(found[index].minus, wanted[index].minus) << "seed " << seed;
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
        ASSERT_NO_FATAL_FAILURE(expect_specified(sampler, logits, params, {}, vocab));
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
    ASSERT_EQ(sampler.choose(logits, params, {.history = history})->token, static_cast<TokenId>(place)) << position;
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
          SamplingParams{.temperature = 1.0F, .min_p = 0.1F}, SamplingParams{.temperature = 1.0F, .top_k = 2000},
          SamplingParams{.temperature = 0.7F, .top_n_sigma = 1.5F},
          SamplingParams{.temperature = 0.7F, .mirostat = {2}},
          SamplingParams{.temperature = 1.0F, .xtc = {1.0F, 0.01F}},
          SamplingParams{.temperature = 1.0F, .mirostat = {1}},
          SamplingParams{.temperature = 0.7F, .dynatemp_range = 0.5F}}) {
      for (const size_t position : {0, 1, 2}) {
        const std::vector<TokenId> history(position);
        ASSERT_NO_FATAL_FAILURE(expect_specified(sampler, logits, params, {.history = history}, position));
      }
    }
  }
}

TEST(SamplerSpecification, logprobs_are_those_of_the_sorted_softmax) {
  Sampler sampler;
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    Random random(seed);
    const std::vector<float> logits = random_logits(random);
    const auto choice = sampler.choose(logits, {}, {});
    if (!choice) continue;
    const TokenId chosen = choice->token;
    double sum = 0.0;
    for (const float logit : logits) sum += fixed_exp(double{logit} - double{logits[static_cast<size_t>(chosen)]});
    const auto expected = [&](TokenId token) {
      return double{logits[static_cast<size_t>(token)]} - double{logits[static_cast<size_t>(chosen)]} - fixed_log(sum);
    };
    std::vector<TokenId> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, std::greater(), [&](TokenId token) { return logits[static_cast<size_t>(token)]; });
    const auto top_n = any_of(random, {0, 1, 5, 20, 10'000});
    const PositionLogprobs found = sampler.logprobs(logits, chosen, top_n);
    EXPECT_EQ(found.chosen.token, chosen);
    // A rounding to float, and what sums may differ by.
    const auto near = [](float value, double wanted) {
      return std::isinf(wanted) ? value == wanted : std::abs(value - wanted) <= 1e-7 * std::abs(wanted) + 2e-9;
    };
    EXPECT_TRUE(near(found.chosen.logprob, expected(chosen))) << seed;
    ASSERT_EQ(found.top.size(), std::min(logits.size(), static_cast<size_t>(top_n))) << seed;
    for (size_t index = 0; index < found.top.size(); ++index) {
      ASSERT_EQ(found.top[index].token, order[index]) << seed;
      ASSERT_TRUE(near(found.top[index].logprob, expected(order[index]))) << seed;
    }
  }
}

}  // namespace
}  // namespace quire::test
