// A thread that sleeps most of its time and is to run soon when it wakes, beside threads that compute all the time.
#pragma once

namespace quire::server {

// Asks Linux for short slices for the calling thread. A thread that wakes waits until the one on its core has used up
// its own slice, about 3 ms; since Linux 6.12 one with a shorter slice need not. It gets no more time than before,
// and needs no privilege. Older kernels take no notice.
void ask_for_short_slices();

}  // namespace quire::server
