// The latest value of something that one thread knows and others show.
#pragma once

#include <mutex>
#include <utility>

namespace quire {

// One writer replaces the value, any thread reads a copy; readers never ask the writer for anything, so /health
// and /metrics answer in the middle of a long step.
template <typename T>
class Snapshot {
 public:
  void set(T value) {
    std::lock_guard lock(mutex_);
    value_ = std::move(value);
  }

  // The same; `value` gets what was there before, so that its memory can be used again.
  void exchange(T& value) {
    std::lock_guard lock(mutex_);
    std::swap(value_, value);
  }

  T get() const {
    std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  // guarded by mutex_
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace quire
