// Random numbers that are the same on every machine.
#pragma once

#include <cstdint>

namespace quire {

// splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
constexpr uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

class Random {
 public:
  explicit Random(uint64_t seed) : state_(mix(seed)) {}
  uint64_t next() { return mix(state_++); }
  // In [0, count). REQUIRES: count > 0. (The bias of a remainder is of no interest here.)
  int32_t below(int64_t count) { return static_cast<int32_t>(next() % static_cast<uint64_t>(count)); }
  // In [low, high].
  int32_t between(int32_t low, int32_t high) { return low + below(int64_t{high} - low + 1); }
  bool percent(int32_t chance) { return below(100) < chance; }

 private:
  uint64_t state_;
};

}  // namespace quire
