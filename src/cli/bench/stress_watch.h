// What a server shows of itself while it is under stress, and the memory that it is told it has.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "load/http_client.h"

namespace quire::cli {

struct WatchSample {
  int64_t at_ns = 0;  // since the watch began
  uint64_t resident_bytes = 0;
  uint64_t kv_bytes = 0;    // in blocks that hold something; part of the resident ones
  int64_t preemptions = 0;  // of contexts, since the model was loaded
  int64_t evicted_blocks = 0;
  bool tight = false;  // memory was made short
};

// The folder that stands for the machine (QUIRE_MACHINE_ROOT): a gigabyte, of which so much is available that the KV
// of all models may have `kv_bytes` when it uses `used_bytes` now.
void write_machine(const std::filesystem::path& root, uint64_t kv_bytes, uint64_t used_bytes);

// A thread that looks four times a second, and makes memory short for four seconds of each twelve.
// `samples` is for the owner, after stop().
class StressWatch {
 public:
  StressWatch(load::HttpEndpoint endpoint, pid_t pid, std::filesystem::path machine_root);
  ~StressWatch() { stop(); }
  void stop();
  // Looks that were not answered within two seconds, one after another; an answer sets it to 0. Any thread.
  int unanswered() const { return unanswered_; }
  const std::vector<WatchSample>& samples() const { return samples_; }

  static constexpr uint64_t ample_kv_bytes = uint64_t{24} << 20;
  static constexpr uint64_t tight_kv_bytes = uint64_t{4} << 20;  // a whole context of the model in the box needs 3

 private:
  void run(const std::stop_token& stopped);

  const load::HttpEndpoint endpoint_;
  const pid_t pid_;
  const std::filesystem::path machine_root_;
  std::atomic<int> unanswered_{0};    // written by the watch's thread; a counter that nothing else depends on
  std::vector<WatchSample> samples_;  // the watch's thread only, until it has ended
  std::jthread thread_;
};

// What a process's memory came to: the median of the first third of the samples and of the last.
struct MemoryTrend {
  uint64_t first_bytes = 0, last_bytes = 0;
  // It grew by no more than a twentieth and 8 MiB: what an allocator keeps for itself. A leak of one request's
  // state of some KB is above that within the thousands of requests of a long run.
  bool flat() const { return last_bytes <= first_bytes + first_bytes / 20 + (uint64_t{8} << 20); }
};
// Without the KV blocks in use, whose number follows the load and has a bound of its own.
MemoryTrend memory_trend(const std::vector<WatchSample>& samples);

}  // namespace quire::cli
