#include "backend/gpu/gpu_device.h"

#include <fmt/format.h>

#include <memory>

#include "base/check.h"

namespace quire {
namespace {

class Piece final : public DeviceMemory::Piece {
 public:
  Piece(GpuQueue& queue, DeviceAddress address, uint64_t size_bytes)
      : queue_(queue), address_(address), size_bytes_(size_bytes) {}
  Piece(const Piece&) = delete;
  Piece& operator=(const Piece&) = delete;
  ~Piece() override { queue_.free(address_); }

  void give_back(uint64_t offset, uint64_t size_bytes) override { check_range(offset, size_bytes); }
  void fill(uint64_t offset, std::byte value, uint64_t size_bytes) override {
    check_range(offset, size_bytes);
    queue_.fill(address_ + static_cast<int64_t>(offset), value, size_bytes);
  }

 private:
  void check_range(uint64_t offset, uint64_t size_bytes) const {
    QUIRE_CHECK(offset <= size_bytes_ && size_bytes <= size_bytes_ - offset, "a range of this memory");
  }

  GpuQueue& queue_;
  const DeviceAddress address_;
  const uint64_t size_bytes_;
};

}  // namespace

Result<std::optional<DeviceMemoryRoom>> GpuDevice::room() {
  QUIRE_TRY(const GpuMemory memory, queue_.memory());
  return DeviceMemoryRoom{.free_bytes = memory.free_bytes, .total_bytes = memory.total_bytes};
}

Result<DeviceMemory> GpuDevice::allocate(uint64_t size_bytes, MemoryUse /*use*/, const char* purpose) {
  if (size_bytes == 0) return DeviceMemory();
  const Result<DeviceAddress> address = queue_.allocate(size_bytes);
  if (!address) {
    return fail(address.error().kind, fmt::format("{}: no room for {} bytes of {}: {}", queue_.facts().name, size_bytes,
                                                  purpose, address.error().message));
  }
  queue_.fill(*address, std::byte{0}, size_bytes);
  return DeviceMemory(std::make_unique<Piece>(queue_, *address, size_bytes), *address, size_bytes);
}

}  // namespace quire
