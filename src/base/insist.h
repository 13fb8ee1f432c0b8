// What has to happen although there is no memory at the moment.
#pragma once

#include <chrono>
#include <new>
#include <thread>

namespace quire {

// Calls `work` until it ends without std::bad_alloc, a millisecond after each failure: for the few words without which
// somebody would wait for ever, as the news that a piece of work is done. REQUIRES: a call that throws has no effect.
template <typename Work>
void insist(Work work) {
  for (;;) {
    try {
      work();
      return;
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

}  // namespace quire
