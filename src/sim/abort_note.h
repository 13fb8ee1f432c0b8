// When a broken invariant stops the program, which seed was it?
#pragma once

#include <cstdint>

namespace quire::sim {

// While it lives, an abort (QUIRE_CHECK) first prints on standard error how to replay the seed that was running.
// One at a time in a process.
class AbortNote {
 public:
  AbortNote();
  ~AbortNote();
  AbortNote(const AbortNote&) = delete;
  AbortNote& operator=(const AbortNote&) = delete;

  void running(uint64_t seed);
};

}  // namespace quire::sim
