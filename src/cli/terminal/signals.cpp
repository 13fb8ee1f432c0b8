#include "cli/terminal/signals.h"

namespace quire::cli {

HeldSignals::HeldSignals() {
  sigemptyset(&held_);
  sigaddset(&held_, SIGINT);
  sigaddset(&held_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &held_, &before_);
}

HeldSignals::~HeldSignals() {
  forget();  // else it would take effect here
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool HeldSignals::pending() const {
  sigset_t arrived;
  sigpending(&arrived);
  return sigismember(&arrived, SIGINT) == 1 || sigismember(&arrived, SIGTERM) == 1;
}

void HeldSignals::forget() {
  while (pending()) wait();
}

void HeldSignals::wait() {
  int signal = 0;
  sigwait(&held_, &signal);
}

}  // namespace quire::cli
