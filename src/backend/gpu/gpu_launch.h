// Kernels as the host launches them: by their types, with their arguments.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>

#include "backend/backend.h"
#include "backend/gpu/gpu_queue.h"

namespace quire {

namespace gpu {

// The number of the kernel that a struct is (kernels/gpu/kernel.h).
template <typename Kernel>
inline constexpr GpuKernel number_of = GpuKernel::count;
#define QUIRE_NUMBER(name, ...) \
  template <>                   \
  inline constexpr GpuKernel number_of<__VA_ARGS__> = GpuKernel::name;
QUIRE_GPU_KERNELS(QUIRE_NUMBER)
QUIRE_GPU_DOT_KERNELS(QUIRE_NUMBER)
QUIRE_GPU_TENSOR_KERNELS(QUIRE_NUMBER)
#undef QUIRE_NUMBER

}  // namespace gpu

// The grid is the kernel's own for these arguments.
template <typename Kernel>
void launch(GpuQueue& queue, const typename Kernel::Args& args) {
  static_assert(gpu::number_of<Kernel> != GpuKernel::count, "a kernel of the list");
  static_assert(std::is_trivially_copyable_v<typename Kernel::Args>, "arguments are copied at launch");
  const gpu::Grid grid = Kernel::grid(args);
  if (grid.blocks == 0) return;
  queue.launch(gpu::number_of<Kernel>, grid.blocks, Kernel::threads, std::as_bytes(std::span(&args, 1)));
}

// What a kernel's arguments point at.
template <typename T>
T* device_pointer(DeviceAddress address) {
  return reinterpret_cast<T*>(static_cast<uintptr_t>(address.value));
}
inline float* device_floats(DeviceAddress address) { return device_pointer<float>(address); }
// Null where it is empty.
inline const float* device_floats(const DeviceVector& vector) {
  return vector.size > 0 ? device_floats(vector.values) : nullptr;
}

}  // namespace quire
