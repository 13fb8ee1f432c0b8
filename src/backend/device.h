// Memory of one device: where weights, rows, keys and values lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace quire {

// A place in a device's memory. Only a backend of that device may follow it.
struct DeviceAddress {
  uint64_t value = 0;  // 0: nowhere

  friend DeviceAddress operator+(DeviceAddress address, int64_t bytes) {
    return {address.value + static_cast<uint64_t>(bytes)};
  }
  bool operator==(const DeviceAddress&) const = default;
};

enum class MemoryUse : uint8_t {
  streamed,  // read from end to end, again and again: weights
  sparse,    // touched piece by piece over a long time: what is resident stays in proportion to what is used
};

// Owns one piece of a device's memory. Movable; the owner decides about threads.
// Invariant: the memory is zero when it is new, and aligned to 64 bytes.
class DeviceMemory {
 public:
  // How a device keeps a piece. Offsets and sizes are within it.
  class Piece {
   public:
    virtual ~Piece() = default;
    virtual void give_back(uint64_t offset, uint64_t size_bytes) = 0;
    virtual void fill(uint64_t offset, std::byte value, uint64_t size_bytes) = 0;
  };

  DeviceMemory() = default;
  DeviceMemory(std::unique_ptr<Piece> piece, DeviceAddress address, uint64_t size_bytes)
      : piece_(std::move(piece)), address_(address), size_bytes_(size_bytes) {}

  DeviceAddress address() const { return address_; }
  uint64_t size_bytes() const { return size_bytes_; }
  // What is in this range is not needed: as far as it is whole pages they may go back to the system, and are zero then.
  void give_back(uint64_t offset, uint64_t size_bytes) { piece_->give_back(offset, size_bytes); }
  void fill(uint64_t offset, std::byte value, uint64_t size_bytes) { piece_->fill(offset, value, size_bytes); }

 private:
  std::unique_ptr<Piece> piece_;
  DeviceAddress address_;
  uint64_t size_bytes_ = 0;
};

struct DeviceMemoryRoom {
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;
};

// Any thread.
class Device {
 public:
  virtual ~Device() = default;
  // "CPU", or what its maker calls it. Lives as long as the device.
  virtual std::string_view name() const = 0;
  // Of its own memory, with what others have taken; none: its memory is the machine's.
  virtual Result<std::optional<DeviceMemoryRoom>> room() = 0;
  // An error names `purpose` and the size. Zero bytes are an empty memory.
  virtual Result<DeviceMemory> allocate(uint64_t size_bytes, MemoryUse use, const char* purpose) = 0;
};

}  // namespace quire
