// Makes the n-th allocation, thread or system call of the program fail, on whatever thread it is.
#pragma once

#include <cstdint>

namespace quire::test {

enum class Fault : uint8_t { allocation, thread, system_call };

// Counts such calls while it lives. One at a time in a process.
class FaultWatch {
 public:
  // The n-th from now on fails, from 1; 0: none.
  FaultWatch(Fault kind, int64_t nth);
  ~FaultWatch();
  FaultWatch(const FaultWatch&) = delete;
  FaultWatch& operator=(const FaultWatch&) = delete;

  // Nothing counts and nothing fails from now on. Any thread.
  static void end();
  bool failed() const;
};

// On this thread none fails and none counts while it lives: what the test itself does.
class FaultShelter {
 public:
  FaultShelter();
  ~FaultShelter();
  FaultShelter(const FaultShelter&) = delete;
  FaultShelter& operator=(const FaultShelter&) = delete;
};

}  // namespace quire::test
