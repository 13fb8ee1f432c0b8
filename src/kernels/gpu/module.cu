// The kernels as CUDA, for clang without any header of NVIDIA's (kernels/gpu/module.cmake): an entry point for each.
//
// Headers of the library come first, as the host's; what follows may run on the device too.
#define __host__ __attribute__((host))
#define __device__ __attribute__((device))

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#pragma clang force_cuda_host_device begin
#include "kernels/gpu/kernel_list.h"
#pragma clang force_cuda_host_device end

#define QUIRE_GPU_ENTRY(name, ...)                                                                                   \
  extern "C"                                                                                                         \
      __attribute__((global, launch_bounds(__VA_ARGS__::threads))) void quire_##name(const __VA_ARGS__::Args args) { \
    static __attribute__((shared)) __VA_ARGS__::Shared shared;                                                       \
    __VA_ARGS__::run(args, shared);                                                                                  \
  }

namespace quire::gpu {

QUIRE_GPU_KERNELS(QUIRE_GPU_ENTRY)
#if __CUDA_ARCH__ >= 800
QUIRE_GPU_TENSOR_KERNELS(QUIRE_GPU_ENTRY)
#else
QUIRE_GPU_DOT_KERNELS(QUIRE_GPU_ENTRY)
#endif

}  // namespace quire::gpu
