#include "base/worker_cpus.h"

#include <pthread.h>

namespace quire {

WorkerCpus::WorkerCpus(int threads) {
  CPU_ZERO(&allowed_);
  enough_ = threads > 1 && ::sched_getaffinity(0, sizeof(allowed_), &allowed_) == 0 && CPU_COUNT(&allowed_) >= threads;
}

void WorkerCpus::avoid_caller(std::vector<std::thread>& workers) {
  if (!enough_) return;
  const int cpu = ::sched_getcpu();
  if (cpu == avoided_ || cpu < 0) return;
  cpu_set_t others = allowed_;
  CPU_CLR(cpu, &others);
  for (std::thread& worker : workers) {
    // Where this is forbidden the system goes on to place them.
    if (::pthread_setaffinity_np(worker.native_handle(), sizeof(others), &others) != 0) enough_ = false;
  }
  avoided_ = cpu;
}

}  // namespace quire
