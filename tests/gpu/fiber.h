// A thread of execution that goes on where it stopped when it is switched to.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace quire::test {

// Owned by who switches; all of them on one OS thread. What ran before runs again when the body ends or leaves().
class Fiber {
 public:
  Fiber();
  Fiber(Fiber&&) noexcept;
  Fiber& operator=(Fiber&&) noexcept;
  ~Fiber();
  // From the beginning, next time that it is entered. A body that has not ended is forgotten: it owns nothing.
  void start(void (*body)());
  // Until the body leaves, or ends, which it says by leaving for good.
  void enter();
  // Called by the body: back to who entered.
  void leave();
  // Where the body's own variables lie.
  std::span<const std::byte> stack() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace quire::test
