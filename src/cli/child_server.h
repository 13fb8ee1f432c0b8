// `quire serve` as a process of its own, for commands that compare processes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/signals.h"
#include "load/http_client.h"

namespace quire::cli {

// One server process of this very program on a port that the system chose. Movable; one thread, besides its own that
// reads.
// Invariant: it has ended when the object has gone, on every path; if this process is killed, the kernel ends it too.
class ChildServer {
 public:
  struct Options {
    std::string model;  // FILE.gguf, served under the name "model"
    int32_t parallel_max = 1;
    std::optional<int32_t> threads;  // absent: the server's own choice
  };
  // Returns at once; listen() waits.
  static Result<ChildServer> start(const Options& options);
  ChildServer(ChildServer&& other) noexcept;
  ChildServer& operator=(ChildServer&& other) noexcept;
  ~ChildServer() { end(); }

  // Waits until it says where it listens. An error repeats what it said instead, or that a signal came.
  Result<load::HttpEndpoint> listen(const HeldSignals& signals);
  pid_t pid() const { return pid_; }

 private:
  ChildServer(pid_t pid, int output) : pid_(pid), output_(output) {}
  void end();

  pid_t pid_ = -1;
  int output_ = -1;    // its standard error
  std::thread drain_;  // reads what it says after that, for a full pipe would stop it
};

// What a process takes, by /proc. Zeros where the system does not say.
struct ProcessMemory {
  uint64_t pss_bytes = 0;        // pages that n processes share count as an nth in each
  uint64_t anonymous_bytes = 0;  // of them, the process's own memory: packed weights, KV, activations
};
ProcessMemory memory_of_process(pid_t pid);
// Voluntary and involuntary switches of all its threads that live, together.
int64_t context_switches_of(pid_t pid);

// The port in "... listens on http://HOST:PORT".
std::optional<uint16_t> listening_port(std::string_view line);

}  // namespace quire::cli
