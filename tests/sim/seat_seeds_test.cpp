// The sampled worlds of the seats.
#include <gtest/gtest.h>

#include "sim/seat_simulation.h"

namespace quire::sim {
namespace {

constexpr uint64_t seeds_a_test = 20'000;
constexpr int64_t seeds_with_each = 100;

TEST(SeatSeeds, every_promise_holds_and_everything_occurs) {
  const SeatSeedsReport report = run_seat_seeds(0, seeds_a_test);
  for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
  if (!report.failures.empty()) return;
  for (size_t index = 0; index < seat_occurrence_count; ++index) {
    EXPECT_GE(report.seeds_with[index], seeds_with_each) << name(static_cast<SeatOccurrence>(index));
  }
}

TEST(SeatSeeds, a_seed_gives_the_same_run_again) {
  for (const uint64_t seed : {3, 17, 40}) {
    std::string first, second;
    run_seat_seeds(seed, 1, [&](const std::string& line) { first += line + "\n"; });
    run_seat_seeds(seed, 1, [&](const std::string& line) { second += line + "\n"; });
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(first, second) << seed;
  }
}

}  // namespace
}  // namespace quire::sim
