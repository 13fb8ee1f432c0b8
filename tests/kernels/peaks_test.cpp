#include "kernels/peaks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace quire {
namespace {

TEST(PeakLoops, make_as_many_products_in_each_round) {
  for (const PeakLoop& loop : supported_peak_loops()) {
    SCOPED_TRACE(std::string(loop.table) + " " + std::string(loop.operands));
    const int64_t products = loop.multiply_add(1);
    EXPECT_GT(products, 0);
    EXPECT_EQ(loop.multiply_add(0), 0);
    EXPECT_EQ(loop.multiply_add(1000), 1000 * products);
    EXPECT_EQ(loop.multiply_add(peak_rounds_max), peak_rounds_max * products);
  }
}

TEST(PeakLoops, are_there_for_every_table_of_vectors) {
  const std::vector<PeakLoop> loops = supported_peak_loops();
  for (const KernelTable* table : supported_kernel_tables().subspan(1)) {
    EXPECT_TRUE(std::ranges::any_of(loops, [&](const PeakLoop& loop) { return loop.table == table->name; }))
        << table->name;
  }
}

}  // namespace
}  // namespace quire
