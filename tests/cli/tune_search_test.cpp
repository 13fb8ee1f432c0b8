// The search of `quire tune` on machines that are made up, whose clock moves as far as each visit takes.
#include "cli/tune/tune_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace quire::cli {
namespace {

constexpr int64_t second_ns = 1'000'000'000;

// Tokens/s of quire-tiny at 1, 2, 4, ... 64 contexts as measured on two cores, while both were there and while the host
// had taken one of them away, which lasts for seconds: then steps of few contexts lose most.
constexpr std::array<double, 7> with_two_cores = {5800, 11000, 14500, 15700, 15900, 14300, 14000};
constexpr std::array<double, 7> with_one_core = {5000, 9000, 9400, 10000, 10900, 11500, 12000};

// Between two powers of two in proportion.
double rate(const std::array<double, 7>& rates, int32_t contexts) {
  const double at = std::log2(contexts);
  const auto below = std::min<size_t>(static_cast<size_t>(at), rates.size() - 2);
  const double part = at - static_cast<double>(below);
  return rates[below] * (1 - part) + rates[below + 1] * part;
}

// Spells of both states, ten seconds the two together at the mean; noise of a per cent besides. `slowness` 1 is
// quire-tiny; with 100 a step of 64 contexts takes half a second.
class SharedMachine {
 public:
  SharedMachine(double one_core_share, double slowness, uint32_t seed)
      : random_(seed), one_core_share_(one_core_share), slowness_(slowness) {}

  TuneFound tuned(int64_t seconds) {
    const auto found = search_contexts([this](int32_t contexts, int64_t visit_ns) { return visit(contexts, visit_ns); },
                                       {.contexts_max = 64, .time_ns = seconds * second_ns}, clock_);
    EXPECT_TRUE(found);
    EXPECT_LE(found->seconds, static_cast<double>(seconds));
    return *found;
  }

 private:
  Result<int64_t> visit(int32_t contexts, int64_t visit_ns) {
    const double noise = std::normal_distribution<double>(1, 0.01)(random_);
    const double rate_now = rate(has_one_core_ ? with_one_core : with_two_cores, contexts) / slowness_;
    const int64_t step_ns = std::llround(contexts * 1e9 * noise / rate_now);
    clock_.advance_ns(std::max(visit_ns, 4 * step_ns));
    while (clock_.now_ns() >= spell_end_ns_) {
      has_one_core_ = !has_one_core_;
      const double mean_s = 10 * (has_one_core_ ? one_core_share_ : 1 - one_core_share_);
      spell_end_ns_ += static_cast<int64_t>(std::exponential_distribution<double>(1 / mean_s)(random_) * second_ns) + 1;
    }
    return step_ns;
  }

  ManualClock clock_;
  std::mt19937 random_;
  const double one_core_share_;
  const double slowness_;
  bool has_one_core_ = false;
  int64_t spell_end_ns_ = 0;
};

// How many of 400 searches recommend less than 95 % of the best of a full sweep.
int missed(double one_core_share) {
  double best = 0;
  for (int32_t contexts = 1; contexts <= 64; ++contexts) best = std::max(best, rate(with_two_cores, contexts));
  int count = 0;
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    for (const double slowness : {1, 100}) {
      const int32_t pays = SharedMachine(one_core_share, slowness, seed).tuned(100).curve.pays();
      count += rate(with_two_cores, pays) < 0.95 * best ? 1 : 0;
    }
  }
  return count;
}

// Medians of the visits, and none to a number that looked worse early on, missed 49 times in 200 at 0.3.
TEST(TuneSearch, finds_the_plateau_of_a_machine_that_loses_a_core_now_and_then) {
  EXPECT_EQ(missed(0.1), 0);
  EXPECT_EQ(missed(0.3), 0);
  EXPECT_LE(missed(0.5), 8) << "of 400; where it is half of the time, all visits of a number may fall into it";
}

}  // namespace
}  // namespace quire::cli
