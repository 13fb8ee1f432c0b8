#include "server/models/store_jobs.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "api/ollama/dialect.h"
#include "api/ollama/store_calls.h"

namespace quire::server {

using store::registry::Progress;

// One who watches. What it has not taken yet is the latest of each kind: a slow reader misses numbers, never a step.
class StoreJobs::Stream final : public ByteStream {
 public:
  Stream(StoreJobs& jobs, Job& job, bool streaming)
      : jobs_(jobs), job_(&job), streaming_(streaming), news_(jobs.io_.get_executor()) {
    listener_ = job.listeners.join({.on_progress = [this](const Progress& progress) { add(progress); },
                                    .on_end = [this](const Result<void>& result) { end(result); }});
  }
  ~Stream() override { abandon(); }

  asio::awaitable<void> wait() override {
    while (!ended_ && !given_up_ && (!streaming_ || pending_.empty())) co_await news_.wait();
  }
  bool streaming() const override { return streaming_; }
  bool ended() const override { return ended_; }
  bool given_up() const override { return given_up_; }
  const std::optional<api::ApiError>& refusal() const override { return refusal_; }
  std::string_view content_type() const override {
    return streaming_ ? "application/x-ndjson" : "application/json; charset=utf-8";
  }
  std::string take() override {
    begun_ = true;
    std::string text;
    const auto line = [](const Progress& progress) {
      return api::ollama::progress_line(progress.status, progress.digest, progress.total_bytes,
                                        progress.completed_bytes);
    };
    if (streaming_) {
      for (const Progress& progress : std::exchange(pending_, {})) text += line(progress);
    } else if (!pending_.empty()) {
      text = line(pending_.back());
    }
    return text + std::exchange(error_, {});
  }
  void abandon() override {
    given_up_ = true;
    if (job_ != nullptr) jobs_.leave(*std::exchange(job_, nullptr), listener_);
  }
  void wake() override { news_.wake(); }

 private:
  void add(const Progress& progress) {
    const auto same = std::ranges::find(pending_, progress.status, &Progress::status);
    if (same == pending_.end()) {
      pending_.push_back(progress);
    } else {
      *same = progress;
    }
    news_.wake();
  }
  void end(const Result<void>& result) {
    job_ = nullptr;
    ended_ = true;
    if (!result) insist([&] { refuse(result.error()); });
    news_.wake();
  }
  void refuse(const Error& cause) {
    const bool by_stop = jobs_.stopped_ && cause.kind == ErrorKind::cancelled;
    const api::ApiError error = by_stop ? api::ApiError{503, "the server is stopping"} : api::from_error(cause);
    if (!streaming_ || (!begun_ && pending_.empty())) {
      refusal_ = error;
    } else {
      error_ = api::ollama::dialect.error_body(error) + "\n";
    }
  }

  StoreJobs& jobs_;
  Job* job_;  // null: it has ended, or was left
  const bool streaming_;
  Signal news_;
  store::registry::PullJob::ListenerId listener_ = 0;
  std::vector<Progress> pending_;
  std::string error_;  // a line that is not sent yet
  bool begun_ = false;
  bool ended_ = false;
  bool given_up_ = false;
  std::optional<api::ApiError> refusal_;
};

StoreJobs::~StoreJobs() {
  stop();
  workers_.join();
}

std::unique_ptr<ByteStream> StoreJobs::watch(const Demand& demand, bool streaming, const Work& work) {
  const auto same = [&](const auto& entry) { return entry.second->demand == demand && !entry.second->cancelled; };
  const auto running = std::ranges::find_if(jobs_, same);
  if (running != jobs_.end()) return std::make_unique<Stream>(*this, *running->second, streaming);
  const uint64_t id = next_id_++;
  Job& job = *jobs_.emplace(id, std::make_unique<Job>()).first->second;
  try {
    job.demand = demand;
    job.cancelled = stopped_;
    auto stream = std::make_unique<Stream>(*this, job, streaming);
    begin(id, work);
    return stream;
  } catch (...) {
    jobs_.erase(id);
    throw;
  }
}

// Its last line may not throw: the job is the worker's from there on.
void StoreJobs::begin(uint64_t id, const Work& work) {
  asio::post(workers_, [this, id, job = jobs_.at(id).get(), work] {
    job->result = run(*job, work);
    post_surely(io_, [this, id] { end(id); });
  });
}

// Reports steps, and the numbers of one now and then.
Result<void> StoreJobs::run(Job& job, const Work& work) {
  constexpr int64_t interval_ns = 60'000'000;  // between two reports of one step's numbers: as often as Ollama's
  std::string last_status;
  int64_t last_ns = 0;
  Result<void> result;
  try {
    store::registry::Hooks hooks;
    hooks.keep_going = [&job] { return !job.cancelled; };
    hooks.on_progress = [&](const Progress& progress) {
      const int64_t now_ns = clock_.now_ns();
      const bool complete = progress.completed_bytes >= progress.total_bytes;
      if (progress.status == last_status && !complete && now_ns - last_ns < interval_ns) return;
      insist([&] {  // it may be called from a library in C, which no exception may pass
        last_status = progress.status;
        asio::post(io_, [&job, progress] { job.listeners.report(progress); });
      });
      last_ns = now_ns;
    };
    result = job.cancelled ? fail(ErrorKind::cancelled, "cancelled") : work(hooks);
  } catch (const std::exception& error) {
    // A library's, or no memory: whoever watches is told.
    insist([&] { result = fail(ErrorKind::internal, error.what()); });
  }
  return result;
}

void StoreJobs::end(uint64_t id) {
  const auto job = jobs_.extract(id);
  Result<void>& result = job.mapped()->result;
  if (!result && result.error().kind != ErrorKind::cancelled) {
    spdlog::warn("{}: {}", job.mapped()->demand.title, result.error().message);
  }
  job.mapped()->listeners.end(std::move(result));
}

void StoreJobs::leave(Job& job, store::registry::PullJob::ListenerId listener) {
  job.listeners.leave(listener);
  if (!job.listeners.wanted()) job.cancelled = true;
}

void StoreJobs::stop() {
  stopped_ = true;
  for (const auto& [id, job] : jobs_) job->cancelled = true;
}

}  // namespace quire::server
