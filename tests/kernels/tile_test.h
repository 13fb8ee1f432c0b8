// What tests of kernels by tiles share: the processor's own tiles, or TileTrap where it has none.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "kernels/kernels.h"
#include "kernels/quantized_types.h"
#include "kernels/tile_trap.h"
#include "kernels/weights.h"

namespace quire::test {

template <class Base>
class OnTiles : public Base {
 protected:
  void SetUp() override {
    if (find_kernel_table("amx") != nullptr) return;
    if (find_kernel_table("avx512_vnni") == nullptr || !__builtin_cpu_supports("avx512bf16")) {
      GTEST_SKIP() << "the kernel's vector instructions are not here";
    }
    if (__builtin_cpu_supports("amx-tile")) GTEST_SKIP() << "the processor has tiles, but this system not the table";
    trap_ = std::make_unique<TileTrap>();
  }
  void TearDown() override { EXPECT_FALSE(TileTrap::is_configured()); }

 private:
  std::unique_ptr<TileTrap> trap_;
};

class TileTest : public OnTiles<testing::TestWithParam<ElementType>> {
 protected:
  // One group's inputs, or what the type's blocks need.
  int64_t block() const { return element_traits(GetParam()).block_elements; }

  Random random_{37};
};

}  // namespace quire::test
