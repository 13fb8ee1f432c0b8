// How fast a GPU's memory is, as our own kernels use it: the roof over every kernel that reads weights.
#pragma once

#include <cstdint>

#include "backend/gpu/gpu.h"
#include "base/result.h"

namespace quire::cli {

struct GpuRoof {
  uint64_t array_bytes = 0;          // of each array
  double add_bytes_per_second = 0;   // y += x: two arrays are read, one is written
  double fill_bytes_per_second = 0;  // one is written
  double launch_seconds = 0;         // a kernel of one block, issued and waited for
};

// Of arrays of a gigabyte, or of what there is room for; on a GPU that is slow, of as much as takes milliseconds.
Result<GpuRoof> measure_gpu_roof(const Gpu& gpu);

}  // namespace quire::cli
