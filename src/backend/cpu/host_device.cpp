#include "backend/cpu/host_device.h"

#include <cstring>
#include <utility>

#include "backend/cpu/page_memory.h"
#include "base/check.h"

namespace quire {
namespace {

class Pages final : public DeviceMemory::Piece {
 public:
  explicit Pages(PageMemory memory) : memory_(std::move(memory)) {}
  void give_back(uint64_t offset, uint64_t size_bytes) override { memory_.give_back(offset, size_bytes); }
  void fill(uint64_t offset, std::byte value, uint64_t size_bytes) override {
    QUIRE_CHECK(offset <= memory_.size_bytes() && size_bytes <= memory_.size_bytes() - offset,
                "a range of this memory");
    std::memset(memory_.bytes() + offset, std::to_integer<int>(value), size_bytes);
  }

 private:
  PageMemory memory_;
};

}  // namespace

Result<DeviceMemory> HostDevice::allocate(uint64_t size_bytes, MemoryUse use, const char* purpose) {
  if (size_bytes == 0) return DeviceMemory();
  const auto pages = use == MemoryUse::streamed ? PageMemory::Pages::huge : PageMemory::Pages::small;
  QUIRE_TRY(PageMemory memory, PageMemory::allocate(size_bytes, pages, purpose));
  const DeviceAddress address = device_address(memory.bytes());
  return DeviceMemory(std::make_unique<Pages>(std::move(memory)), address, size_bytes);
}

}  // namespace quire
