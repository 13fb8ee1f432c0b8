#include "metrics/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "metrics/counts.h"

namespace quire {
namespace {

using testing::ElementsAre;

inline constexpr std::array<int64_t, 3> bounds = {10, 20, 40};
using Small = Histogram<bounds>;

TEST(Histogram, a_value_at_a_bound_belongs_below_it) {
  for (const auto& [value, bucket] : std::vector<std::pair<int64_t, size_t>>{
           {-5, 0}, {0, 0}, {10, 0}, {11, 1}, {20, 1}, {21, 2}, {40, 2}, {41, 3}, {INT64_MAX, 3}}) {
    Small histogram;
    histogram.observe(value);
    std::vector<int64_t> expected(4, 0);
    expected[bucket] = 1;
    EXPECT_EQ(std::vector<int64_t>(histogram.view().counts.begin(), histogram.view().counts.end()), expected) << value;
    EXPECT_EQ(histogram.sum(), value);
  }
}

TEST(Histogram, counts_and_adds_up_what_it_was_given) {
  Small histogram;
  EXPECT_EQ(histogram.count(), 0);
  for (const int64_t value : {1, 15, 15, 100}) histogram.observe(value);
  EXPECT_THAT(histogram.view().counts, ElementsAre(1, 2, 0, 1));
  EXPECT_EQ(histogram.count(), 4);
  EXPECT_EQ(histogram.sum(), 131);
  EXPECT_EQ(histogram.view().bounds.size() + 1, histogram.view().counts.size());
}

struct Counts {
  int64_t first = 0;
  std::array<int64_t, 2> pair{};
  Small histogram;
  int64_t last = 0;
};

TEST(AddCounts, adds_every_number_to_its_fellow) {
  Counts sum{.first = 1, .pair = {2, 3}, .histogram = {}, .last = 4};
  Counts more{.first = 10, .pair = {20, 30}, .histogram = {}, .last = 40};
  sum.histogram.observe(15);
  more.histogram.observe(100);
  add_counts(sum, more);
  EXPECT_EQ(sum.first, 11);
  EXPECT_THAT(sum.pair, ElementsAre(22, 33));
  EXPECT_THAT(sum.histogram.view().counts, ElementsAre(0, 1, 0, 1));
  EXPECT_EQ(sum.histogram.sum(), 115);
  EXPECT_EQ(sum.last, 44);
  EXPECT_EQ(more.first, 10);
}

}  // namespace
}  // namespace quire
