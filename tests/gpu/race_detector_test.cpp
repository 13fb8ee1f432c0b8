// The detector finds what nothing orders, in whatever order threads ran, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gpu/observer.h"
#include "gpu/racy_kernels.h"

namespace quire::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t orders = 8;

class GpuRaceDetector : public testing::Test {
 protected:
  void SetUp() override {
    if (!announces_accesses) GTEST_SKIP() << "the compiler does not announce accesses";
  }
};

TEST_F(GpuRaceDetector, finds_nothing_where_barriers_order_all) {
  for (uint64_t seed = 1; seed <= orders; ++seed) {
    EXPECT_THAT(races_of(RacyKernel::barrier_between, seed), IsEmpty());
    EXPECT_THAT(races_of(RacyKernel::warp_barrier_between, seed), IsEmpty());
    EXPECT_THAT(races_of(RacyKernel::own_bytes_of_a_word, seed), IsEmpty());
    EXPECT_THAT(races_of(RacyKernel::copy_waited_for, seed), IsEmpty());
  }
}

TEST_F(GpuRaceDetector, finds_what_a_shuffle_does_not_order) {
  for (uint64_t seed = 1; seed <= orders; ++seed) {
    EXPECT_FALSE(races_of(RacyKernel::shuffle_between, seed).empty());
    EXPECT_FALSE(races_of(RacyKernel::overwrites_what_a_shuffle_has_told, seed).empty());
  }
}

TEST_F(GpuRaceDetector, finds_what_warps_and_blocks_do_to_each_other) {
  for (uint64_t seed = 1; seed <= orders; ++seed) {
    EXPECT_FALSE(races_of(RacyKernel::warp_barrier_between_warps, seed).empty());
    EXPECT_FALSE(races_of(RacyKernel::overwrites_what_other_warps_read, seed).empty());
    EXPECT_FALSE(races_of(RacyKernel::blocks_write_the_same, seed).empty());
    EXPECT_FALSE(races_of(RacyKernel::block_reads_what_another_writes, seed).empty());
  }
}

TEST_F(GpuRaceDetector, finds_copies_that_others_see_too_early) {
  for (uint64_t seed = 1; seed <= orders; ++seed) {
    EXPECT_THAT(races_of(RacyKernel::copy_not_waited_for, seed), testing::Contains(HasSubstr("is being copied")));
    EXPECT_FALSE(races_of(RacyKernel::copy_not_shared_by_a_barrier, seed).empty());
    EXPECT_FALSE(races_of(RacyKernel::copies_over_what_is_read, seed).empty());
  }
}

}  // namespace
}  // namespace quire::test
