#include "cli/terminal/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"

namespace quire::cli {

HeldSignals::HeldSignals() {
  sigemptyset(&ending_);
  sigaddset(&ending_, SIGINT);
  sigaddset(&ending_, SIGTERM);
  held_ = ending_;
  sigaddset(&held_, SIGWINCH);
  sigaddset(&held_, SIGCONT);
  pthread_sigmask(SIG_BLOCK, &held_, &before_);
  descriptor_ = ::signalfd(-1, &held_, SFD_NONBLOCK | SFD_CLOEXEC);
  QUIRE_CHECK(descriptor_ >= 0, "the system has a descriptor for signals");
}

HeldSignals::~HeldSignals() {
  while (take() != 0) {  // else it would take effect here
  }
  ::close(descriptor_);
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
  sigwait(&ending_, &signal);
}

int HeldSignals::take() {
  signalfd_siginfo arrived;
  return ::read(descriptor_, &arrived, sizeof arrived) == sizeof arrived ? static_cast<int>(arrived.ssi_signo) : 0;
}

}  // namespace quire::cli
