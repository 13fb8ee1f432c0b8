#include "base/percentiles.h"

#include <gtest/gtest.h>

namespace quire {
namespace {

TEST(Percentiles, are_by_nearest_rank) {
  std::vector<int64_t> values;
  for (int64_t value = 200; value > 0; --value) values.push_back(value);
  const Percentiles p = percentiles(values);
  EXPECT_EQ(p.p50, 100);
  EXPECT_EQ(p.p90, 180);
  EXPECT_EQ(p.p99, 198);
  EXPECT_EQ(percentiles({7}).p99, 7);
  EXPECT_EQ(percentiles({}).p50, -1);
}

}  // namespace
}  // namespace quire
