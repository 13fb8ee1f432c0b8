// What tests tell the stand-in for libcuda.so.1, and ask it: found in the library by name.
#pragma once

#include <cstdint>

namespace quire::test {

struct StandInCounts {
  int64_t calls = 0;  // that may fail
  int64_t launches = 0;
  int64_t device_bytes = 0;  // that are allocated
  int64_t host_bytes = 0;
};

// The card that the next cuInit() finds: everything before is forgotten.
struct StandInCard {
  int compute_capability = 80;  // times ten
  int multiprocessors = 8;
  uint64_t memory_bytes = uint64_t{4} << 30;
  uint64_t seed = 1;  // of the order of threads
};

// quire_stand_in_card
using SetStandInCard = void (*)(const StandInCard& card);
// quire_stand_in_fail: the `number`th call from now on (from 1) gives this code, and with is_lost all that follow.
using FailStandIn = void (*)(int64_t number, int code, bool is_lost);
// quire_stand_in_counts
using CountStandIn = StandInCounts (*)();

}  // namespace quire::test
