// Ctrl-C and termination as something to ask for or wait for, instead of something that happens.
#pragma once

#include <csignal>

namespace quire::cli {

// While one lives, SIGINT and SIGTERM do not end the process; they are kept until asked for. So is what a prompt has to
// hear of: that the terminal has another size (SIGWINCH), and that the program was stopped and goes on (SIGCONT). Make
// it before any thread is started: threads inherit what is held back. One at a time, on the main thread.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // SIGINT or SIGTERM has arrived; it stays.
  bool pending() const;
  // Forgets one that has arrived.
  void forget();
  // Returns when SIGINT or SIGTERM arrives, and forgets it.
  void wait();

  // Readable when any of the four has arrived.
  int descriptor() const { return descriptor_; }
  // The number of one that has arrived, which is forgotten; 0: none has.
  int take();

 private:
  sigset_t ending_;  // SIGINT and SIGTERM
  sigset_t held_;
  sigset_t before_;
  int descriptor_;
};

}  // namespace quire::cli
