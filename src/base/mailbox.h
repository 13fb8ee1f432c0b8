// What crosses threads is a value in a bounded mailbox.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"

namespace quire {

// A bounded queue of values: any thread may push, one thread takes. A full mailbox refuses; it never makes the
// sender wait.
// Invariant: size <= capacity.
template <typename T>
class Mailbox {
 public:
  explicit Mailbox(size_t capacity) : capacity_(capacity) { QUIRE_CHECK(capacity > 0, "a mailbox holds something"); }

  // False when closed, or when fewer than leave_free + 1 places are left: the value is untouched then. Senders that
  // may be refused leave places free for those that may not.
  [[nodiscard]] bool try_push(T&& value, size_t leave_free = 0) {
    {
      std::lock_guard lock(mutex_);
      if (closed_ || values_.size() + leave_free >= capacity_) return false;
      values_.push_back(std::move(value));
    }
    arrived_.notify_one();
    return true;
  }

  // Moves everything that has arrived to the end of `out`; returns at once. False: closed and empty.
  bool take_all(std::vector<T>& out) {
    std::lock_guard lock(mutex_);
    const bool alive = !closed_ || !values_.empty();
    move_to(out);
    return alive;
  }

  // Like take_all, but waits until something has arrived or close() was called. False: closed and empty.
  bool wait_and_take_all(std::vector<T>& out) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return closed_ || !values_.empty(); });
    if (values_.empty()) return false;
    move_to(out);
    return true;
  }

  // No value is accepted from now on; a waiting taker wakes.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_all();
  }

 private:
  // All or none: where there is no memory for them, they stay.
  void move_to(std::vector<T>& out) {
    out.reserve(out.size() + values_.size());
    for (T& value : values_) out.push_back(std::move(value));
    values_.clear();
  }

  const size_t capacity_;

  // guarded by mutex_
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<T> values_;
  bool closed_ = false;
};

}  // namespace quire
