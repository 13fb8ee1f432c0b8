// An operation on the scalar table and on the GPU.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "gpu/backend/bench.h"
#include "gpu/backend/tested_gpu.h"

namespace quire::test {

inline constexpr StepShape small_step = {.rows_max = 64,
                                         .input_max = 512,
                                         .stored_row_bytes = 512,
                                         .q_width = 512,
                                         .kv_width = 256,
                                         .attention_shapes = 4,
                                         .heads_input = 512,
                                         .convolved = 96};

// What it computes on each.
using Operation = std::function<std::vector<float>(Bench& bench)>;

class GpuOperations : public testing::Test {
 protected:
  void SetUp() override { QUIRE_GPU_OR_SKIP(); }

  using enum GpuKind;

  static void expect_same(const Operation& operation, const StepShape& shape = small_step,
                          std::initializer_list<GpuKind> kinds = {with_tiles}) {
    Team team(1);
    CpuBackend cpu(team, *find_kernel_table("scalar"));
    Bench on_cpu(cpu, shape);
    const std::vector<float> expected = operation(on_cpu);
    ASSERT_FALSE(expected.empty());
    for (const GpuKind kind : kinds) {
      SCOPED_TRACE(kind == with_tiles ? "with tiles" : "without tiles");
      const auto card = open_tested_gpu(kind);
      if (card == nullptr) continue;
      const auto gpu = card->make_backend(team);
      Bench on_gpu(*gpu, shape);
      const std::vector<float> found = operation(on_gpu);
      ASSERT_EQ(found.size(), expected.size());
      const auto differ = std::ranges::mismatch(
                              found, expected, [](float a, float b) { return std::memcmp(&a, &b, sizeof(float)) == 0; })
                              .in1 -
                          found.begin();
      EXPECT_EQ(differ, std::ssize(found)) << "is where they first differ";
    }
  }
};

}  // namespace quire::test
