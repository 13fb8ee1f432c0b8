// The GPU that tests of the backend compute on: each program that these tests are compiled into has its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backend/gpu/gpu_backend.h"
#include "base/team.h"

namespace quire::test {

// By the kernels of matmuls.
enum class GpuKind : uint8_t { with_tiles, without_tiles };

class TestedGpu {
 public:
  virtual ~TestedGpu() = default;
  virtual std::unique_ptr<GpuBackend> make_backend(Team& workers) const = 0;
  // Of kernels, by all backends.
  virtual int64_t launches() const = 0;
};

// Null: the program has one kind only, which stands for this one too.
std::unique_ptr<TestedGpu> open_tested_gpu(GpuKind kind = GpuKind::with_tiles);

// Of what tests go through one by one, whether this program does: where shaders are compiled for each process, some
// stand for all.
bool tests_weights_of(ElementType type);
bool tests_family(std::string_view name);

// Why there is none here; empty: there is.
std::string why_no_tested_gpu();

#define QUIRE_GPU_OR_SKIP() \
  if (const std::string why = why_no_tested_gpu(); !why.empty()) GTEST_SKIP() << why

}  // namespace quire::test
