// The host's own memory as a device's.
#pragma once

#include "backend/device.h"

namespace quire {

inline std::byte* host_bytes(DeviceAddress address) {
  return reinterpret_cast<std::byte*>(static_cast<uintptr_t>(address.value));
}
inline float* host_floats(DeviceAddress address) { return reinterpret_cast<float*>(host_bytes(address)); }
inline DeviceAddress device_address(const void* pointer) { return {reinterpret_cast<uintptr_t>(pointer)}; }

class HostDevice final : public Device {
 public:
  std::string_view name() const override { return "CPU"; }
  Result<std::optional<DeviceMemoryRoom>> room() override { return std::nullopt; }
  Result<DeviceMemory> allocate(uint64_t size_bytes, MemoryUse use, const char* purpose) override;
};

}  // namespace quire
