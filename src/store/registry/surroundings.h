// What pulls and pushes take from the machine around them, so that a test can own it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/registry/progress.h"

namespace quire::store::registry {

struct Surroundings {
  const Clock& clock;                     // borrowed
  std::function<void(int64_t ns)> sleep;  // returns when that time has passed on `clock`
  std::function<int64_t()> unix_time_s;   // for signed requests, which are good for minutes only
  uint64_t seed = 0;                      // of the jitter
  std::filesystem::path key_path;         // made when a registry first asks for a signature
  int64_t stall_ms_max = 30'000;          // a connection that is silent for longer is given up and tried again
  uint64_t part_bytes_min = 100'000'000;  // Ollama's, so that both can go on with each other's parts
  uint64_t part_bytes_max = 1'000'000'000;
  uint64_t upload_bytes_max = 1'000'000'000;  // of one request
  int tries_max = 6;                          // of one part in a row without a byte of progress
};

// The machine's own: its clock, its sleep, ~/.quire/id_ed25519. `clock` is borrowed. An error when there is no HOME.
Result<Surroundings> machine_surroundings(const SteadyClock& clock);

// Sleeps, and looks meanwhile whether the work is still wanted: ErrorKind::cancelled when it is not.
Result<void> pause(const Surroundings& surroundings, const Hooks& hooks, int64_t ns);

// Growing waits between tries: half a second, then doubled up to half a minute, each times a random factor of 0.5
// to 1.5 so that clients who failed together do not come back together. One thread.
class Backoff {
 public:
  explicit Backoff(uint64_t seed) : state_(seed) {}
  // The wait before the next try. `asked_s`: what the server asked for (Retry-After); 0: nothing. At most a minute.
  int64_t next_ns(int64_t asked_s = 0);
  void reset() { tries_ = 0; }
  int tries() const { return tries_; }

 private:
  uint64_t state_;
  int tries_ = 0;
};

}  // namespace quire::store::registry
