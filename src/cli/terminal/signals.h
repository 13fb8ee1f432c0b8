// Ctrl-C and termination as something to ask for or wait for, instead of something that happens.
#pragma once

#include <csignal>

namespace quire::cli {

// While one lives, SIGINT and SIGTERM do not end the process; they are kept until asked for. Make it before any thread
// is started: threads inherit what is held back. One at a time, on the main thread.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // A signal has arrived; it stays.
  bool pending() const;
  // Forgets one that has arrived.
  void forget();
  // Returns when one arrives, and forgets it.
  void wait();

 private:
  sigset_t held_;
  sigset_t before_;
};

}  // namespace quire::cli
