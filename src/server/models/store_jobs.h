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
// Invariant: who asks for what is being done already watches that; work that nobody watches any more is told to stop.
class StoreJobs {
 public:
  // Blocks; called on one of the workers.
  using Work = std::function<Result<void>(const store::registry::Hooks& hooks)>;

  // Borrows `io` and the clock for its life.
  StoreJobs(asio::io_context& io, const Clock& clock) : io_(io), clock_(clock) {}
  // Waits for the workers.
  ~StoreJobs();
  StoreJobs(const StoreJobs&) = delete;
  StoreJobs& operator=(const StoreJobs&) = delete;

  // The progress of the job with this key, which begins now unless it is there; `key` names what is done to what. A
  // stream has a line for each step of it, NDJSON; without `streaming` it is one object when all is done.
  std::unique_ptr<ByteStream> watch(const std::string& key, bool streaming, Work work);

  size_t running() const { return jobs_.size(); }
  // Everything is told to stop; what has arrived is kept.
  void stop();

 private:
  struct Job {
    std::string key;
    store::registry::PullJob listeners;
    std::atomic<bool> cancelled = false;  // written by the io thread, read by the worker; orders nothing else
  };
  class Stream;

  Job& begin(const std::string& key, Work work);
  void end(uint64_t id, const Result<void>& result);
  void leave(Job& job, store::registry::PullJob::ListenerId listener);

  asio::io_context& io_;
  const Clock& clock_;
  asio::thread_pool workers_{4};
  std::map<uint64_t, std::unique_ptr<Job>> jobs_;  // a job stays until its worker has ended
  uint64_t next_id_ = 0;
};

}  // namespace quire::server
