// What computing on a GPU takes of its driver: memory, and what is issued to it.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "backend/device.h"
#include "base/result.h"
#include "kernels/gpu/kernel_list.h"

namespace quire {

// The kernels by their place in the list.
enum class GpuKernel : uint16_t {
#define QUIRE_NUMBER(name, ...) name,
  QUIRE_GPU_KERNELS(QUIRE_NUMBER) QUIRE_GPU_DOT_KERNELS(QUIRE_NUMBER) QUIRE_GPU_TENSOR_KERNELS(QUIRE_NUMBER)
#undef QUIRE_NUMBER
      count,
};

inline constexpr size_t gpu_kernel_count = static_cast<size_t>(GpuKernel::count);
// A set of them, by their numbers.
using GpuKernels = std::bitset<gpu_kernel_count>;

struct GpuFacts {
  std::string name;
  int multiprocessors = 0;
  bool has_tensor_cores = false;  // matmuls are QUIRE_GPU_TENSOR_KERNELS, else QUIRE_GPU_DOT_KERNELS
  GpuKernels kernels;             // that the GPU has

  bool has(GpuKernel kernel) const { return kernels[static_cast<size_t>(kernel)]; }
};

struct GpuMemory {
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;
};

// What is issued happens in that order, perhaps later. The first error of it stays: whatever is issued then does
// nothing. One thread at a time; several queues may be of one GPU.
class GpuQueue {
 public:
  virtual ~GpuQueue() = default;
  virtual const GpuFacts& facts() const = 0;
  virtual Result<GpuMemory> memory() = 0;

  // Memory of the GPU, with anything in it, aligned to 256 bytes. Freeing waits for what was issued.
  virtual Result<DeviceAddress> allocate(uint64_t size_bytes) = 0;
  virtual void free(DeviceAddress memory) = 0;
  // Memory of the host that the GPU copies to by itself.
  virtual Result<std::byte*> allocate_host(uint64_t size_bytes) = 0;
  virtual void free_host(std::byte* memory) = 0;

  virtual void fill(DeviceAddress to, std::byte value, uint64_t size_bytes) = 0;
  // `from` is the caller's again on return.
  virtual void upload(DeviceAddress to, std::span<const std::byte> from) = 0;
  // `to` is memory of allocate_host; the bytes are there after wait().
  virtual void download(DeviceAddress from, std::span<std::byte> to) = 0;
  // args: the kernel's. REQUIRES: blocks > 0, and a kernel that the GPU has.
  virtual void launch(GpuKernel kernel, int64_t blocks, int threads, std::span<const std::byte> args) = 0;

  // All that was issued has happened, or the first error of it.
  virtual Result<void> wait() = 0;
  // Whoever issues cannot go on, as if this had been an error of what was issued.
  virtual void fail(Error why) = 0;
};

}  // namespace quire
