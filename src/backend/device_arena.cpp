#include "backend/device_arena.h"

#include <algorithm>

#include "base/bytes.h"

namespace quire {
namespace {

// What of it is never handed out is never touched, and so costs no memory.
constexpr uint64_t chunk_bytes_min = uint64_t{64} << 20;

}  // namespace

Result<DeviceAddress> DeviceArena::take(uint64_t size_bytes) {
  if (size_bytes == 0) return DeviceAddress{};
  const uint64_t rounded = round_up<uint64_t>(size_bytes, 64);
  if (chunks_.empty() || rounded > chunks_.back().size_bytes() - used_bytes_) {
    QUIRE_TRY(DeviceMemory chunk,
              device_->allocate(std::max(rounded, chunk_bytes_min), MemoryUse::streamed, purpose_));
    chunks_.push_back(std::move(chunk));
    used_bytes_ = 0;
  }
  const DeviceAddress piece = chunks_.back().address() + static_cast<int64_t>(used_bytes_);
  used_bytes_ += rounded;
  taken_bytes_ += rounded;
  return piece;
}

}  // namespace quire
