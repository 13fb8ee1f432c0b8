// Time comes in through a constructor, so that a test or the simulator can own it.
#pragma once

#include <chrono>
#include <cstdint>

namespace quire {

// Nanoseconds since some fixed moment; never goes back. Implementations say which threads may call.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t now_ns() const = 0;
};

// The machine's monotonic clock. Any thread.
class SteadyClock final : public Clock {
 public:
  int64_t now_ns() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

// A clock that moves only when told. One thread.
class ManualClock final : public Clock {
 public:
  int64_t now_ns() const override { return now_ns_; }
  void advance_ns(int64_t delta) { now_ns_ += delta; }

 private:
  int64_t now_ns_ = 0;
};

}  // namespace quire
