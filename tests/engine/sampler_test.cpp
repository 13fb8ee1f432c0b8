#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "base/fixed_math.h"
#include "engine/random.h"

namespace quire {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

std::optional<TokenId> choose(std::vector<float> logits, SamplingParams params, std::vector<TokenId> history = {},
                              std::vector<TokenId> forbidden = {}) {
  const auto choice = Sampler().choose(logits, params, {.history = history, .forbidden = forbidden});
  return choice ? std::optional(choice->token) : std::nullopt;
}

// How often each token is chosen over many positions.
std::map<TokenId, int> draws(const std::vector<float>& logits, SamplingParams params, int count = 4000) {
  Sampler sampler;
  std::map<TokenId, int> result;
  std::vector<TokenId> history;
  for (int position = 0; position < count; ++position) {
    ++result[sampler.choose(logits, params, {.history = history})->token];
    history.push_back(0);
  }
  return result;
}

// Known answer of Philox4x32-10 for counter and key zero (Random123's kat_vectors): words 6627e8d5 e169c58d first.
TEST(KeyedUniform, is_philox_4x32_10) {
  const uint64_t expected = 0x6627e8d5e169c58dULL >> 11;
  EXPECT_EQ(keyed_uniform(0, 0, 0), static_cast<double>(expected) * 0x1p-53);
}

TEST(KeyedUniform, differs_by_seed_choice_and_position) {
  const double base = keyed_uniform(1, 2, 3);
  EXPECT_NE(base, keyed_uniform(2, 2, 3));
  EXPECT_NE(base, keyed_uniform(1, 3, 3));
  EXPECT_NE(base, keyed_uniform(1, 2, 4));
  EXPECT_NE(base, keyed_uniform(uint64_t{1} << 32, 2, 3));
}

TEST(FixedMath, agrees_with_the_c_library) {
  for (double x = -700.0; x < 700.0; x += 0.37) EXPECT_NEAR(fixed_exp(x) / std::exp(x), 1.0, 4e-15) << x;
  for (double x = 1e-300; x < 1e300; x *= 1.7)
    EXPECT_NEAR(fixed_log(x), std::log(x), 4e-15 * std::abs(std::log(x)) + 1e-16);
  EXPECT_NEAR(fixed_log(5e-324), std::log(5e-324), 1e-12);
  EXPECT_EQ(fixed_exp(0.0), 1.0);
  EXPECT_EQ(fixed_log(1.0), 0.0);
  EXPECT_EQ(fixed_exp(-infinity), 0.0);
  for (double x = -700.0; x <= 700.0; x += 0.013) EXPECT_NEAR(fixed_exp_coarse(x) / std::exp(x), 1.0, 1e-11) << x;
  EXPECT_EQ(fixed_exp_coarse(0.0), 1.0);
}

TEST(Sampler, greedy_takes_the_largest_and_the_lowest_id_among_equals) {
  EXPECT_EQ(choose({1, 3, 2}, {}), 1);
  EXPECT_EQ(choose({1, 3, 3}, {}), 1);
}

TEST(Sampler, logits_that_are_not_numbers_choose_nothing) {
  EXPECT_EQ(choose({1, std::nanf(""), 2}, {}), std::nullopt);
  EXPECT_EQ(choose({1, infinity}, {}), std::nullopt);
  EXPECT_EQ(choose({-infinity, -infinity}, {}), std::nullopt);
  EXPECT_EQ(choose({-infinity, 0}, {.temperature = 1.0F}), 1);
}

TEST(Sampler, a_forbidden_token_is_never_chosen) {
  EXPECT_EQ(choose({1, 3, 2}, {}, {}, {1}), 2);
  EXPECT_EQ(choose({1, 3, 2}, {}, {}, {1, 99, -1}), 2);
}

TEST(Sampler, logit_bias_moves_the_choice_and_ignores_strangers) {
  EXPECT_EQ(choose({1, 3, 2}, {.logit_bias = {{0, 5.0F}, {77, 1.0F}}}), 0);
}

TEST(Sampler, the_same_key_draws_the_same_token) {
  const std::vector<float> logits = {1, 1.5, 0.5, 2};
  const SamplingParams params{.temperature = 1.0F, .seed = 42};
  EXPECT_EQ(draws(logits, params), draws(logits, params));
  EXPECT_NE(draws(logits, params), draws(logits, {.temperature = 1.0F, .seed = 43}));
}

// 4,000 draws: the standard deviation of a share is at most 0.008, so 0.04 is five of them.
TEST(Sampler, draws_follow_the_softmax_at_the_temperature) {
  const std::vector<float> logits = {0, 1, 2, -1};
  for (float temperature : {0.5F, 1.0F, 2.0F}) {
    const auto counts = draws(logits, {.temperature = temperature, .seed = 7});
    double total = 0;
    for (float logit : logits) total += std::exp(logit / temperature);
    for (TokenId token = 0; token < 4; ++token) {
      const double share = counts.contains(token) ? counts.at(token) / 4000.0 : 0.0;
      EXPECT_NEAR(share, std::exp(logits[static_cast<size_t>(token)] / temperature) / total, 0.04) << temperature;
    }
  }
}

TEST(Sampler, top_k_keeps_the_best_k) {
  const auto counts = draws({0, 1, 2, 1.5}, {.temperature = 5.0F, .top_k = 2});
  EXPECT_EQ(counts.size(), 2U);
  EXPECT_TRUE(counts.contains(2) && counts.contains(3));
}

TEST(Sampler, top_k_breaks_ties_by_token_id) {
  const auto counts = draws({1, 1, 1, 1}, {.temperature = 1.0F, .top_k = 2});
  EXPECT_TRUE(counts.size() == 2 && counts.contains(0) && counts.contains(1));
}

TEST(Sampler, top_p_keeps_the_fewest_tokens_that_hold_the_share) {
  // Probabilities 0.5, 0.25, 0.125, 0.125.
  const std::vector<float> logits = {std::log(0.5F), std::log(0.25F), std::log(0.125F), std::log(0.125F)};
  EXPECT_EQ(draws(logits, {.temperature = 1.0F, .top_p = 0.4F}).size(), 1U);
  EXPECT_EQ(draws(logits, {.temperature = 1.0F, .top_p = 0.7F}).size(), 2U);
  EXPECT_EQ(draws(logits, {.temperature = 1.0F, .top_p = 0.8F}).size(), 3U);
}

TEST(Sampler, min_p_drops_what_is_far_below_the_best) {
  const std::vector<float> logits = {0, std::log(0.5F), std::log(0.05F)};
  const auto counts = draws(logits, {.temperature = 3.0F, .min_p = 0.1F});
  EXPECT_TRUE(counts.size() == 2 && !counts.contains(2));
}

TEST(Sampler, steps_are_done_in_the_order_that_is_asked_for_and_others_are_not) {
  // Probabilities 0.5, 0.25, 0.125, 0.125; at temperature 5 they are nearly equal.
  const std::vector<float> logits = {std::log(0.5F), std::log(0.25F), std::log(0.125F), std::log(0.125F)};
  SamplingParams params{.temperature = 5.0F, .top_p = 0.7F};
  EXPECT_EQ(draws(logits, params).size(), 2U);
  params.order = SamplingOrder::of(std::vector{SamplingStep::temperature, SamplingStep::top_p});
  EXPECT_EQ(draws(logits, params).size(), 3U);
  params.order = SamplingOrder::of(std::vector{SamplingStep::temperature});
  EXPECT_EQ(draws(logits, params).size(), 4U);
  params = {.temperature = 0.0F, .order = SamplingOrder::of(std::vector{SamplingStep::top_k})};
  EXPECT_EQ(draws(logits, params).size(), 4U) << "no temperature is none of 0";
}

TEST(Sampler, xtc_drops_the_likely_but_the_last_of_them) {
  const std::vector<float> logits = {std::log(0.5F), std::log(0.25F), std::log(0.125F), std::log(0.125F)};
  SamplingParams params{.temperature = 1.0F, .xtc = {.probability = 1.0F, .threshold = 0.2F}};
  EXPECT_FALSE(draws(logits, params).contains(0));
  EXPECT_TRUE(draws(logits, params).contains(1));
  params.xtc.threshold = 0.3F;
  EXPECT_TRUE(draws(logits, params).contains(0)) << "one alone stays";
  params.xtc = {.probability = 0.5F, .threshold = 0.2F};
  EXPECT_NEAR(draws(logits, params)[0] / 4000.0, 0.25, 0.04) << "half of the draws";
}

TEST(Sampler, dry_ends_a_repetition_and_stops_at_a_breaker) {
  const std::vector<float> logits = {0, 0, 0, 1, 0, 0.5F};
  const std::vector<TokenId> repeated = {1, 2, 3, 4, 1, 2};  // 3 would go on with "1 2"
  SamplingParams params{.dry = {.multiplier = 1.0F}};
  EXPECT_EQ(choose(logits, params, repeated), 5);
  EXPECT_EQ(choose(logits, {}, repeated), 3);
  params.dry.allowed_length = 3;
  EXPECT_EQ(choose(logits, params, repeated), 3);
  params.dry.allowed_length = 2;
  params.dry.breakers = {{.first = 1}};
  EXPECT_EQ(choose(logits, params, repeated), 3) << "one token since the breaker";
}

TEST(Sampler, repetition_penalty_looks_at_all_tokens) {
  std::vector<TokenId> history(100, 2);
  history.front() = 0;
  const std::vector<float> logits = {3, 2.5F, -9};
  EXPECT_EQ(choose(logits, {.repeat_penalty = 1.5F}, history), 0) << "64 tokens";
  EXPECT_EQ(choose(logits, {.repeat_last_n = 0, .repetition_penalty = 1.5F}, history), 1);
}

TEST(Sampler, typical_p_can_drop_the_most_likely_token) {
  // One likely token and many equal ones: the entropy is nearer to the surprise of the many.
  std::vector<float> logits(65, std::log(0.7F / 64));
  logits[0] = std::log(0.3F);
  const auto counts = draws(logits, {.temperature = 1.0F, .typical_p = 0.5F});
  EXPECT_FALSE(counts.contains(0));
}

TEST(Sampler, penalties_look_back_as_far_as_they_should) {
  const std::vector<float> logits = {3, 2.9F, -1};
  EXPECT_EQ(choose(logits, {.repeat_penalty = 1.5F}, {0}), 1);
  EXPECT_EQ(choose(logits, {.repeat_penalty = 1.5F, .repeat_last_n = 1}, {0, 2}), 0);
  EXPECT_EQ(choose(logits, {.repeat_penalty = 1.5F, .repeat_last_n = -1}, {0, 2}), 1);
  EXPECT_EQ(choose(logits, {.presence_penalty = 0.2F}, {0, 0}), 1);
  EXPECT_EQ(choose(logits, {.frequency_penalty = 0.06F}, {0}), 0);
  EXPECT_EQ(choose(logits, {.frequency_penalty = 0.06F}, {0, 0}), 1);
}

TEST(Sampler, scratch_of_one_call_does_not_reach_the_next) {
  Sampler sampler;
  const std::vector<float> logits = {3, 2.9F, -1};
  const std::vector<TokenId> history = {0};
  EXPECT_EQ(sampler.choose(logits, {.repeat_penalty = 1.5F}, {.history = history})->token, 1);
  EXPECT_EQ(sampler.choose(logits, {}, {})->token, 0);
  EXPECT_EQ(sampler.choose(logits, {.repeat_penalty = 1.5F}, {})->token, 0);
}

TEST(Logprobs, are_the_models_own_and_sorted) {
  const std::vector<float> logits = {0, std::log(2.0F), std::log(5.0F), -infinity};
  const PositionLogprobs result = Sampler().logprobs(logits, 1, 2);
  EXPECT_NEAR(result.chosen.logprob, std::log(0.25), 1e-6);
  ASSERT_EQ(result.top.size(), 2U);
  EXPECT_EQ(result.top[0].token, 2);
  EXPECT_NEAR(result.top[0].logprob, std::log(0.625), 1e-6);
  EXPECT_EQ(result.top[1].token, 1);
}

TEST(Logprobs, a_forbidden_token_without_a_number_leaves_no_order) {
  Sampler sampler;
  for (const float strange : {std::nanf(""), infinity}) {
    std::vector<float> logits(1000, 1.0F);
    logits[999] = strange;
    const std::vector<TokenId> forbidden = {999};
    ASSERT_EQ(sampler.choose(logits, {}, {.forbidden = forbidden})->token, 0);
    const PositionLogprobs result = sampler.logprobs(logits, 0, 5);
    EXPECT_EQ(result.chosen.token, 0);
    EXPECT_TRUE(result.top.empty());
  }
}

}  // namespace
}  // namespace quire
