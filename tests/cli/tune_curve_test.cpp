#include "cli/tune/tune_curve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

namespace quire::cli {
namespace {

// A machine: tokens/s of a number of contexts.
using Rate = std::function<double(int32_t contexts)>;

// Measures as `quire tune` does; noise is the deviation of a visit's time.
TuneCurve explored(const Rate& rate, int32_t contexts_max, double noise = 0, uint32_t seed = 1) {
  TuneCurve curve;
  std::mt19937 random(seed);
  std::normal_distribution<double> error(1.0, noise);
  const auto visit = [&](int32_t contexts) {
    const double step_ns = contexts * 1e9 / rate(contexts) * (noise > 0 ? std::max(0.5, error(random)) : 1.0);
    curve.add(contexts, std::llround(step_ns));
  };
  while (const auto next = curve.next_doubling(contexts_max)) visit(*next);
  for (int round = 0; round < 2; ++round) {
    for (const int32_t contexts : curve.contexts()) visit(contexts);
  }
  while (const auto next = curve.next_between()) {
    for (int round = 0; round < 3; ++round) {
      visit(*next);
      visit(curve.best());
    }
  }
  return curve;
}

double best_of_sweep(const Rate& rate, int32_t contexts_max) {
  double best = 0;
  for (int32_t contexts = 1; contexts <= contexts_max; ++contexts) best = std::max(best, rate(contexts));
  return best;
}

// Rises in proportion up to a knee and stays.
Rate plateau_from(int32_t knee) {
  return [knee](int32_t contexts) { return 30.0 * std::min(contexts, knee); };
}

TEST(TuneCurve, of_a_rise_and_a_plateau_the_knee_pays_to_within_an_eighth) {
  for (int32_t knee = 1; knee <= 64; ++knee) {
    const int32_t pays = explored(plateau_from(knee), 64).pays();
    EXPECT_GE(pays, std::floor(TuneCurve::share * knee)) << "knee " << knee;
    EXPECT_LE(pays, knee + std::max(1, knee / 4)) << "knee " << knee;
  }
}

TEST(TuneCurve, gives_at_least_95_per_cent_of_a_full_sweeps_best_with_noise_of_a_per_cent) {
  const std::vector<Rate> machines = {
      plateau_from(1),
      plateau_from(7),
      plateau_from(100),                                                             // still rising at the end
      [](int32_t n) { return 220.0 * n / (n + 4.0); },                               // rises ever more slowly
      [](int32_t n) { return 30.0 * std::min(n, 12) * (n > 24 ? 24.0 / n : 1.0); },  // falls again
      [](int32_t) { return 40.0; },                                                  // nothing is gained by company
      [](int32_t n) { return 40.0 / n; },                                            // company only hurts
  };
  for (size_t machine = 0; machine < machines.size(); ++machine) {
    const double best = best_of_sweep(machines[machine], 64);
    for (uint32_t seed = 1; seed <= 50; ++seed) {
      for (const double noise : {0.0, 0.01}) {
        const int32_t pays = explored(machines[machine], 64, noise, seed).pays();
        // The rule's 98 % leave 3 %: the quickest of three visits is 0.8 % off, the difference of two of them 1.1 %.
        EXPECT_GE(machines[machine](pays), 0.95 * best)
            << "machine " << machine << ", noise " << noise << ", seed " << seed << ": " << pays << " contexts";
      }
    }
  }
}

TEST(TuneCurve, a_fall_ends_the_doubling_early) {
  const TuneCurve curve = explored([](int32_t n) { return 100.0 / n; }, 64);
  EXPECT_EQ(curve.pays(), 1);
  EXPECT_EQ(curve.contexts().back(), 4);
}

TEST(TuneCurve, what_may_be_the_best_is_close_to_it_by_its_quickest_visit) {
  TuneCurve curve;
  for (const auto& [contexts, tokens_per_s] :
       std::vector<std::pair<int32_t, int64_t>>{{1, 50}, {4, 89}, {8, 91}, {8, 10}, {16, 100}, {32, 90}}) {
    curve.add(contexts, int64_t{contexts} * 1'000'000'000 / tokens_per_s);
  }
  EXPECT_EQ(curve.best(), 16);
  EXPECT_EQ(curve.close(0.9), (std::vector<int32_t>{8, 16, 32}));
  EXPECT_EQ(curve.close(0.5), (std::vector<int32_t>{1, 4, 8, 16, 32}));
}

TEST(TuneCurve, one_point_is_what_pays) {
  TuneCurve curve;
  EXPECT_EQ(curve.next_doubling(1), 1);
  curve.add(1, 1'000'000);
  EXPECT_EQ(curve.next_doubling(1), std::nullopt);
  EXPECT_EQ(curve.next_between(), std::nullopt);
  EXPECT_EQ(curve.pays(), 1);
  EXPECT_EQ(curve.tokens_per_s(1), 1000);
}

TEST(TuneCurve, the_bound_is_measured_too_when_it_is_no_power_of_two) {
  const TuneCurve curve = explored(plateau_from(100), 23);
  EXPECT_EQ(curve.contexts().back(), 23);
  EXPECT_EQ(curve.pays(), 23);
}

TEST(TuneCurve, of_many_visits_the_quickest_eighth_counts) {
  TuneCurve curve;
  for (const int64_t ns : {30, 31, 900}) curve.add(4, ns);
  EXPECT_EQ(curve.step_ns(4), 30) << "a visit that was disturbed changes nothing";
  EXPECT_EQ(curve.visit_count(4), 3U);
  for (int64_t ns = 40; ns < 53; ++ns) curve.add(4, ns);
  EXPECT_EQ(curve.step_ns(4), 31) << "of sixteen the second";
}

TEST(TuneCurve, says_how_far_visits_of_a_number_lie_apart) {
  TuneCurve curve;
  EXPECT_EQ(curve.spread(), 0);
  curve.add(1, 100);
  EXPECT_EQ(curve.spread(), 0) << "one visit says nothing of it";
  for (const int64_t ns : {100, 110, 80}) curve.add(2, ns);
  EXPECT_DOUBLE_EQ(curve.spread(), 30.0 / 80);
}

TEST(TuneCurve, looking_between_ends) {
  for (int32_t knee = 1; knee <= 64; ++knee) EXPECT_LE(explored(plateau_from(knee), 64).contexts().size(), 7U + 4U);
}

}  // namespace
}  // namespace quire::cli
