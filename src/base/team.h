// The fork-join workers that every engine of the process shares.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/function_ref.h"
#include "base/worker_cpus.h"

namespace quire {

// Runs one piece of data-parallel work at a time on `worker_count` threads, the calling one included.
// Any thread may call; callers take it in turn (a lock around each parallel_for), so that two models never fight
// over the cores. Work is split over outputs only: which worker computes a tile never changes its bits.
class Team {
 public:
  // Where the system gives fewer threads, the team has fewer workers. REQUIRES: worker_count >= 1.
  explicit Team(int worker_count);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int worker_count() const { return worker_count_; }

  // Calls body(index, worker) once for every index in [0, count). Each worker takes the indices of its own share in
  // ascending order, so that what it reads runs on through memory, and then helps others from the end of theirs.
  // Returns when all calls have returned; what one of them threw is thrown then (of several, one). worker is in
  // [0, worker_count). body must not call parallel_for. REQUIRES: count <= tiles_max.
  void parallel_for(int64_t count, FunctionRef<void(int64_t index, int worker)> body);

  // How long each worker has computed since the team began. Any thread, also while work is running.
  std::vector<int64_t> busy_ns() const;

  static constexpr int64_t tiles_max = (int64_t{1} << 20) - 1;

 private:
  void worker_main(int worker);
  void work(int worker);
  void call(int64_t index, int worker);
  void add_busy(int worker, int64_t begin_ns);
  bool take(int worker, int64_t& index);

  // const after construction
  int worker_count_;
  std::vector<std::thread> threads_;

  std::mutex turn_;  // held by the caller whose work is running
  WorkerCpus cpus_;  // guarded by turn_

  // Tiles of a worker's share that are not taken, and the job they are of, in one word, so that a tile is never taken
  // from another job: job number (24 bits), begin (20), end (20).
  struct alignas(64) Share {
    std::atomic<uint64_t> tiles{0};
  };

  // Written by its worker alone (worker 0 is whoever has the turn), read by anybody; nothing hangs on its order.
  struct alignas(64) Busy {
    std::atomic<int64_t> ns{0};
  };
  std::vector<Busy> busy_;

  // One job at a time. body_ is written by the caller before the shares, and read by who has taken a tile: the job
  // cannot end, and so nothing is written again, before that tile is done. A worker that comes late, because somebody
  // else had its core, finds no tile and is not waited for.
  const FunctionRef<void(int64_t, int)>* body_ = nullptr;
  std::vector<Share> shares_;            // of each worker; release/acquire hands body_ over
  std::atomic<int64_t> unfinished_{0};   // tiles that are not done: release/acquire hands results over
  std::atomic<uint32_t> generation_{0};  // the job number: a new value wakes the workers
  std::atomic<bool> stop_{false};        // published with generation_

  // guarded by sleep_mutex_: workers that gave up spinning sleep here
  std::mutex sleep_mutex_;
  std::condition_variable wake_;
  std::exception_ptr failure_;    // guarded by sleep_mutex_: what a call of the job has thrown
  std::atomic<int> sleeping_{0};  // changed under sleep_mutex_; read without it only as a hint by the same fence
};

}  // namespace quire
