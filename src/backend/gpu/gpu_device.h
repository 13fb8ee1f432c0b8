// A GPU's memory as a device's.
#pragma once

#include "backend/device.h"
#include "backend/gpu/gpu_queue.h"

namespace quire {

// Borrows the queue, which outlives its memory; used by the queue's thread alone. Memory that was never touched takes
// as much as any other, whatever its use, and nothing of a piece is given back before the whole.
class GpuDevice final : public Device {
 public:
  explicit GpuDevice(GpuQueue& queue) : queue_(queue) {}
  std::string_view name() const override { return queue_.facts().name; }
  Result<std::optional<DeviceMemoryRoom>> room() override;
  Result<DeviceMemory> allocate(uint64_t size_bytes, MemoryUse use, const char* purpose) override;

 private:
  GpuQueue& queue_;
};

}  // namespace quire
