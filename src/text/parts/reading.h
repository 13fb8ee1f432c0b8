// Parsers as coroutines: each is written as if the next byte were there, and waits where it is not.
#pragma once

#include <coroutine>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace quire::parts {

class Input;

// In readers, co_await stands at the beginning of an initializer or of a statement, or is the whole condition of an
// `if` in a function that has a variable in its outermost block. Elsewhere (in the condition of a loop, behind && and
// ||, in an `if` without a variable around it) gcc 12 lays out the coroutine's frame wrongly.
//
// A piece of an answer being read. Its result says whether the piece was there. Begins when it is awaited by another
// one, or by Input::begin. Moves, and destroys what it waits for with itself. One thread.
class [[nodiscard]] Reading {
 public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;
  struct Final {
    bool await_ready() const noexcept { return false; }
    void await_suspend(Handle finished) const noexcept;
    void await_resume() const noexcept {}
  };
  struct promise_type {
    Input* input = nullptr;
    std::coroutine_handle<> parent;
    bool found = false;
    Reading get_return_object() { return Reading(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    Final final_suspend() const noexcept { return {}; }
    void return_value(bool was_found) { found = was_found; }
    void unhandled_exception() const { throw; }
  };

  Reading() = default;
  Reading(Reading&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Reading& operator=(Reading&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Reading() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  void await_suspend(Handle parent);
  bool await_resume() const { return handle_.promise().found; }

 private:
  friend class Input;
  explicit Reading(Handle handle) : handle_(handle) {}
  Handle handle_;
};

// The bytes of an answer as they come. A reading sees them one by one and cannot tell how they were cut: whatever it
// gives depends on the bytes alone. Keeps what was taken since `forget`, for text that turns out to be no call. One
// thread.
class Input {
 public:
  static constexpr int end = -1;  // no byte: nothing more comes

  struct Peek {
    Input& input;
    bool await_ready() const { return input.ready(); }
    void await_suspend(std::coroutine_handle<>) const { input.waits_ = true; }
    int await_resume() const {
      return input.at_ < input.chunk_.size() ? static_cast<unsigned char>(input.chunk_[input.at_]) : end;
    }
  };
  // The next byte, which stays, or `end`.
  Peek peek() { return {*this}; }
  // REQUIRES: peek gave a byte.
  void take() {
    if (keeps_) kept_ += chunk_[at_];
    ++at_;
  }
  // Takes bytes that are here already and none of which is one of `stops`.
  std::string_view take_all_but(std::string_view stops) {
    const size_t length = chunk_.substr(at_).find_first_of(stops);
    const std::string_view taken = chunk_.substr(at_, length);
    if (keeps_) kept_ += taken;
    at_ += taken.size();
    return taken;
  }

  // The byte that was taken last comes again. REQUIRES: nothing was peeked at since.
  void give_back() {
    if (keeps_) kept_.pop_back();
    --at_;
  }

  // What is taken from now on is kept behind `before`.
  void keep(std::string_view before = {}) {
    keeps_ = true;
    kept_ = before;
  }
  // Nothing is.
  void forget() {
    keeps_ = false;
    kept_.clear();
  }
  const std::string& kept() const { return kept_; }

  void begin(Reading reading);
  // The reading goes on as far as `chunk` reaches.
  void push(std::string_view chunk) { run(chunk, false); }
  void finish() { run({}, true); }
  // The reading's result. REQUIRES: it has ended.
  bool found() const { return root_.handle_.promise().found; }
  // It took all that was pushed.
  bool took_all() const { return took_all_; }

 private:
  friend class Reading;
  bool ready() const { return at_ < chunk_.size() || finished_; }
  void run(std::string_view chunk, bool finished);

  Reading root_;
  std::coroutine_handle<> current_;  // who goes on; null: the root has ended
  std::string_view chunk_;
  size_t at_ = 0;
  bool finished_ = false;
  bool waits_ = false;
  bool took_all_ = true;
  bool keeps_ = false;
  std::string kept_;
};

// Who goes on is told to the loop in Input::run instead of being resumed here: compilers turn that into a jump only
// when they optimize, and the stack would grow with each piece.
inline void Reading::Final::await_suspend(Handle finished) const noexcept {
  finished.promise().input->current_ = finished.promise().parent;
}

inline void Reading::await_suspend(Handle parent) {
  promise_type& promise = handle_.promise();
  promise.input = parent.promise().input;
  promise.parent = parent;
  promise.input->current_ = handle_;
}

inline void Input::begin(Reading reading) {
  root_ = std::move(reading);
  root_.handle_.promise().input = this;
  current_ = root_.handle_;
}

inline void Input::run(std::string_view chunk, bool finished) {
  chunk_ = chunk;
  at_ = 0;
  finished_ = finished_ || finished;
  waits_ = !ready();
  while (current_ && !waits_) current_.resume();
  took_all_ = took_all_ && at_ == chunk_.size();
  chunk_ = {};
  at_ = 0;
}

}  // namespace quire::parts
