// Which CPUs the workers of a team may use.
#pragma once

#include <sched.h>

#include <thread>
#include <vector>

namespace quire {

// Keeps workers off the CPU of the thread that forks. Linux may wake a thread on its waker's CPU although another one
// is idle: on a virtual machine a halted CPU looks like one that somebody else has. The worker then waits for a caller
// that does not sleep, and the caller does all the work, until the system balances its load, some 20 ms later. One
// thread at a time.
class WorkerCpus {
 public:
  // Of what the calling thread may use now. Where there are fewer CPUs than `threads` (the caller and all workers)
  // workers are left to the system.
  explicit WorkerCpus(int threads);

  // Before a fork. Costs a system call for each worker where the caller has moved since, else nothing.
  void avoid_caller(std::vector<std::thread>& workers);

 private:
  cpu_set_t allowed_{};
  bool enough_ = false;
  int avoided_ = -1;
};

}  // namespace quire
