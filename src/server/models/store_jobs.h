// Work on the store that takes long (pulls, pushes, creations), and those who watch it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "server/asio.h"
#include "server/requests/byte_stream.h"
#include "store/registry/pull_job.h"

namespace quire::server {

// The io thread only; the work itself runs on threads of its own, and reports by posts to the io thread.
// Invariants: who asks for what is being done already watches that; work that nobody watches any more is told to stop;
// whatever fails, those who watch hear of the end.
class StoreJobs {
 public:
  // Blocks; called on one of the workers. May throw what libraries throw.
  using Work = std::function<Result<void>(const store::registry::Hooks& hooks)>;
  // Two askers with equal demands want one and the same thing.
  struct Demand {
    std::string title;       // what is done to which model, for people: "pull llama3.2:latest"
    std::string asked = {};  // everything else that the result depends on
    bool operator==(const Demand&) const = default;
  };
  static constexpr int threads = 4;  // jobs that run at once; they wait for the network or a disk most of the time

  // Borrows `io` and the clock for its life.
  StoreJobs(asio::io_context& io, const Clock& clock) : io_(io), clock_(clock) {}
  // Waits for the workers. REQUIRES: the streams are gone.
  ~StoreJobs();
  StoreJobs(const StoreJobs&) = delete;
  StoreJobs& operator=(const StoreJobs&) = delete;

  // The progress of the job that does this, which begins now unless it is there. A stream has a line for each step of
  // it, NDJSON; without `streaming` it is one object when all is done.
  std::unique_ptr<ByteStream> watch(const Demand& demand, bool streaming, const Work& work);

  size_t running() const { return jobs_.size(); }
  // Everything is told to stop, and so is what is asked for later; what has arrived is kept.
  void stop();

 private:
  struct Job {
    Demand demand;
    store::registry::PullJob listeners;
    std::atomic<bool> cancelled = false;  // written by the io thread, read by the worker; orders nothing else
    Result<void> result = {};             // the worker's, until it tells the io thread of the end
  };
  class Stream;

  void begin(uint64_t id, const Work& work);
  Result<void> run(Job& job, const Work& work);
  void end(uint64_t id);
  void leave(Job& job, store::registry::PullJob::ListenerId listener);

  asio::io_context& io_;
  const Clock& clock_;
  asio::thread_pool workers_{threads};
  std::map<uint64_t, std::unique_ptr<Job>> jobs_;  // a job stays until its worker has ended
  uint64_t next_id_ = 0;
  bool stopped_ = false;
};

}  // namespace quire::server
