// How much memory there is, and who of the loaded models may have how much of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quire::server {

// Of the machine, or of the control group where that has less.
struct MachineMemory {
  uint64_t total_bytes = 0;
  uint64_t available_bytes = 0;  // without pushing anybody out: free, or file pages that can be read again
};

// Of a device that has memory of its own.
struct DeviceStatus {
  std::string name;
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;
};

// What the system says: /proc/meminfo, and the limits, use and memory.stat of this process's control group and those
// that it lies in, in version 1 or 2. 4 GiB, half of it free, where it says nothing. `root` is for tests.
MachineMemory read_machine_memory(const std::filesystem::path& root = "/");

// Kept free for others: a sixteenth of it all, 64 MiB to 1 GiB.
uint64_t memory_reserve(uint64_t total_bytes);

// The KV memory of one loaded model.
struct KvMemory {
  uint64_t used_bytes = 0;   // in blocks that hold something
  uint64_t limit_bytes = 0;  // that it may use now
  uint64_t max_bytes = 0;    // that it could ever use
  bool busy = false;         // it has requests
};

// New limits for all models; none: they may stay as they are. `bound_bytes` is an upper bound on their sum, 0: none.
//
// Together they may have what they use and what is available, less the reserve. It is dealt out in rounds, each in
// equal shares up to what a model can take: busy ones what they use; as much again; idle ones what they use, which is
// cache; busy ones all they could ever use; idle ones too. Limits change when they are more than there is, or when one
// would grow by more than an eighth, so that small moves of what is available move nothing.
std::optional<std::vector<uint64_t>> plan_kv_memory(std::span<const KvMemory> models, const MachineMemory& memory,
                                                    uint64_t bound_bytes);

}  // namespace quire::server
