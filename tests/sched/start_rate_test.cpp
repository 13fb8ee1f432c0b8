#include "sched/start_rate.h"

#include <gtest/gtest.h>

namespace quire {
namespace {

constexpr int64_t ms = 1'000'000;

TEST(StartRate, nothing_is_known_before_a_second_moment) {
  StartRate rate;
  EXPECT_EQ(rate.interval_ns(), -1);
  rate.started(10 * ms, true);
  EXPECT_EQ(rate.interval_ns(), -1);
}

// Eight free places are filled at once, which says nothing of how long the ninth request waits.
TEST(StartRate, starts_that_fill_free_places_at_once_are_no_rate) {
  StartRate rate;
  for (int place = 0; place < 8; ++place) rate.started(10 * ms, true);
  EXPECT_EQ(rate.interval_ns(), -1);
  rate.started(110 * ms, true);
  EXPECT_EQ(rate.interval_ns(), 100 * ms);
}

TEST(StartRate, several_starts_in_a_later_step_share_the_time_to_it) {
  StartRate rate;
  rate.started(0, true);
  for (int start = 0; start < 4; ++start) rate.started(80 * ms, true);
  EXPECT_EQ(rate.interval_ns(), 20 * ms);
}

TEST(StartRate, time_in_which_nobody_waits_does_not_count) {
  StartRate rate;
  rate.started(0, true);
  rate.started(10 * ms, false);
  rate.started(1000 * ms, true);
  rate.started(1000 * ms, true);
  EXPECT_EQ(rate.interval_ns(), 10 * ms);
  rate.started(1030 * ms, true);
  EXPECT_EQ(rate.interval_ns(), 20 * ms);
}

TEST(StartRate, forgets_what_is_long_ago) {
  StartRate rate;
  int64_t now_ns = 0;
  rate.started(now_ns, true);
  for (int start = 0; start < 200; ++start) rate.started(now_ns += 100 * ms, true);
  for (int start = 0; start < 1000; ++start) rate.started(now_ns += 10 * ms, true);
  EXPECT_NEAR(static_cast<double>(rate.interval_ns()), 10.0 * ms, 0.1 * ms);
}

}  // namespace
}  // namespace quire
