// What the self-test finds on lavapipe, whose fma is two roundings.
#include "backend/gpu/vulkan/self_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gpu/backend/tested_gpu.h"
#include "gpu/vulkan/lavapipe.h"
#include "support/take.h"

namespace quire::test {
namespace {

class VulkanSelfTest : public testing::Test {
 protected:
  void SetUp() override { QUIRE_GPU_OR_SKIP(); }
};

TEST_F(VulkanSelfTest, finds_the_arithmetic_that_lavapipe_needs) {
  const auto lavapipe = take(Lavapipe::open());
  EXPECT_EQ(lavapipe->gpu().arithmetic(), lavapipe_arithmetic);
  EXPECT_THAT(lavapipe->gpu().description(), testing::StartsWith("llvmpipe"));
  EXPECT_THAT(lavapipe->gpu().description(), testing::EndsWith(": fma made in f64, division of the device, "
                                                               "square roots of the device, f16 of the device"));
}

TEST_F(VulkanSelfTest, refuses_a_device_that_can_fuse_neither_by_itself_nor_in_f64) {
  const auto lavapipe = take(Lavapipe::open(lavapipe_arithmetic));
  VulkanTraits traits = lavapipe->gpu().traits();
  traits.has_f64 = false;
  const auto device = take(VulkanDevice::create(lavapipe->driver(), lavapipe->gpu().physical(), traits));
  const auto found = test_arithmetic(*device);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().message, traits.name + ": its fma is two roundings, and there is no f64 that is exact");
}

// What other devices would need has the bits too.
TEST_F(VulkanSelfTest, holds_where_division_roots_and_f16_are_made_of_integers) {
  const auto lavapipe = take(Lavapipe::open(lavapipe_arithmetic));
  const auto device =
      take(VulkanDevice::create(lavapipe->driver(), lavapipe->gpu().physical(), lavapipe->gpu().traits()));
  EXPECT_TRUE(take(has_bits(*device, {.fma_by_f64 = true,
                                      .divides_in_integers = true,
                                      .takes_roots_in_integers = true,
                                      .widens_halves_in_integers = true})));
  EXPECT_FALSE(take(has_bits(*device, {})));
}

}  // namespace
}  // namespace quire::test
