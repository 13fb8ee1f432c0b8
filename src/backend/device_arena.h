// A device's memory for many arrays that live and go together.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/device.h"
#include "base/result.h"

namespace quire {

// Hands out zeroed pieces one after another, so that arrays which are read in the order of their making are one stream
// and share huge pages: an allocation for each would leave its ends, and small arrays whole, in small pages.
// One thread. Invariant: pieces are aligned to 64 bytes, do not overlap, and live as long as the arena. The device
// outlives it.
class DeviceArena {
 public:
  DeviceArena(Device& device, const char* purpose) : device_(&device), purpose_(purpose) {}

  // An error names the purpose and the size. Zero bytes are nowhere.
  Result<DeviceAddress> take(uint64_t size_bytes);
  // Of all pieces.
  uint64_t size_bytes() const { return taken_bytes_; }

 private:
  Device* device_;
  const char* purpose_;
  std::vector<DeviceMemory> chunks_;
  uint64_t used_bytes_ = 0;  // of the last chunk
  uint64_t taken_bytes_ = 0;
};

}  // namespace quire
