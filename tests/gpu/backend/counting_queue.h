// A queue that others have too: it counts what is launched by one, and may say that it has fewer kernels.
#pragma once

#include <utility>

#include "backend/gpu/gpu_queue.h"

namespace quire::test {

// Borrows the queue.
class CountingQueue final : public GpuQueue {
 public:
  CountingQueue(GpuQueue& queue, int64_t& launches) : queue_(queue), launches_(launches), facts_(queue.facts()) {}

  void hide(GpuKernel kernel) { facts_.kernels.reset(static_cast<size_t>(kernel)); }

  const GpuFacts& facts() const override { return facts_; }
  Result<GpuMemory> memory() override { return queue_.memory(); }
  Result<DeviceAddress> allocate(uint64_t size_bytes) override { return queue_.allocate(size_bytes); }
  void free(DeviceAddress memory) override { queue_.free(memory); }
  Result<std::byte*> allocate_host(uint64_t size_bytes) override { return queue_.allocate_host(size_bytes); }
  void free_host(std::byte* memory) override { queue_.free_host(memory); }
  void fill(DeviceAddress to, std::byte value, uint64_t size_bytes) override { queue_.fill(to, value, size_bytes); }
  void upload(DeviceAddress to, std::span<const std::byte> from) override { queue_.upload(to, from); }
  void download(DeviceAddress from, std::span<std::byte> to) override { queue_.download(from, to); }
  void launch(GpuKernel kernel, int64_t blocks, int threads, std::span<const std::byte> args) override {
    ++launches_;
    queue_.launch(kernel, blocks, threads, args);
  }
  Result<void> wait() override { return queue_.wait(); }
  void fail(Error why) override { queue_.fail(std::move(why)); }

 private:
  GpuQueue& queue_;
  int64_t& launches_;
  GpuFacts facts_;
};

}  // namespace quire::test
