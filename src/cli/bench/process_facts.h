// What the system knows of a process, by /proc. Zeros where it does not say.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace quire::cli {

struct ProcessMemory {
  uint64_t pss_bytes = 0;        // pages that n processes share count as an nth in each
  uint64_t anonymous_bytes = 0;  // of them, the process's own memory: packed weights, KV, activations
};
ProcessMemory memory_of_process(pid_t pid);
// Bytes of its memory that are in RAM.
uint64_t resident_bytes(pid_t pid);
// The most that it had there at a time, pages of mapped files included.
uint64_t peak_resident_bytes(pid_t pid);
// Voluntary and involuntary switches of all its threads that live, together.
int64_t context_switches_of(pid_t pid);

}  // namespace quire::cli
