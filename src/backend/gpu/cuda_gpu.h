// One of NVIDIA's GPUs, with the kernels on it.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "backend/gpu/cuda_driver.h"
#include "backend/gpu/gpu.h"

namespace quire {

// Borrows the driver.
class CudaGpu final : public Gpu {
 public:
  // The kernels are compiled by the driver, which takes seconds the first time. An error says what the GPU lacks, or
  // that the program has no kernels.
  static Result<std::unique_ptr<const CudaGpu>> open(const CudaDriver& driver, int index);
  ~CudaGpu() override;
  CudaGpu(const CudaGpu&) = delete;
  CudaGpu& operator=(const CudaGpu&) = delete;

  const GpuFacts& facts() const override { return facts_; }
  std::string description() const override;
  Result<GpuMemory> memory() const override;
  Result<std::unique_ptr<GpuQueue>> make_queue() const override;

  const CudaDriver& driver() const { return driver_; }
  // What the calling thread does from now on is on this GPU.
  cuda::Code use() const { return driver_.call().use_context(context_); }
  // Null: the GPU has another one in its place.
  cuda::LoadedFunction* function(GpuKernel kernel) const { return functions_[static_cast<size_t>(kernel)]; }

 private:
  explicit CudaGpu(const CudaDriver& driver) : driver_(driver) {}
  Result<void> load_kernels();

  const CudaDriver& driver_;
  GpuFacts facts_;
  int compute_capability_ = 0;  // 90: 9.0
  cuda::Device device_ = 0;
  cuda::Context* context_ = nullptr;
  cuda::Module* module_ = nullptr;
  std::array<cuda::LoadedFunction*, gpu_kernel_count> functions_{};
};

}  // namespace quire
