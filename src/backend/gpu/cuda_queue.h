// A stream of one of NVIDIA's GPUs.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "backend/gpu/cuda_gpu.h"

namespace quire {

// Borrows the GPU. One thread at a time.
class CudaQueue final : public GpuQueue {
 public:
  static Result<std::unique_ptr<GpuQueue>> create(const CudaGpu& gpu);
  ~CudaQueue() override;
  CudaQueue(const CudaQueue&) = delete;
  CudaQueue& operator=(const CudaQueue&) = delete;

  const GpuFacts& facts() const override { return gpu_.facts(); }
  Result<GpuMemory> memory() override { return gpu_.memory(); }
  Result<DeviceAddress> allocate(uint64_t size_bytes) override;
  void free(DeviceAddress memory) override;
  Result<std::byte*> allocate_host(uint64_t size_bytes) override;
  void free_host(std::byte* memory) override;
  void fill(DeviceAddress to, std::byte value, uint64_t size_bytes) override;
  void upload(DeviceAddress to, std::span<const std::byte> from) override;
  void download(DeviceAddress from, std::span<std::byte> to) override;
  void launch(GpuKernel kernel, int64_t blocks, int threads, std::span<const std::byte> args) override;
  Result<void> wait() override;
  void fail(Error why) override;

 private:
  explicit CudaQueue(const CudaGpu& gpu) : gpu_(gpu) {}
  const cuda::Functions& call() const { return gpu_.driver().call(); }
  // Keeps the first error.
  void note(cuda::Code code, std::string_view doing);
  // Nothing has failed yet, and the thread is on the GPU.
  bool may_issue();
  void wait_for_stream();

  const CudaGpu& gpu_;
  cuda::Stream* stream_ = nullptr;
  std::optional<Error> error_;
  // What is uploaded goes through here: the caller's bytes are its own again, and the copy needs no help.
  std::byte* staging_ = nullptr;
  uint64_t staged_bytes_ = 0;  // that may not have been copied yet
};

}  // namespace quire
