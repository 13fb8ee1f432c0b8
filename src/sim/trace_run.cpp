#include "sim/trace_run.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace quire::sim {

namespace {

constexpr int64_t time_max_ns = int64_t{1} << 61;
// Each window has this part of the service that the workload would take without a cache.
constexpr int64_t windows_of_workload = 100;
constexpr TokenId first_generated_token = 1 << 30;  // no token of a prompt

// Who is waiting and who is served, in windows of equal service.
class ServiceRecord {
 public:
  explicit ServiceRecord(const Workload& workload)
      : bands_(workload_band_count),
        waiting_(static_cast<size_t>(workload.clients * workload_band_count)),
        clients_(static_cast<size_t>(workload.clients)),
        window_service_(
            std::max<double>(1, static_cast<double>(workload.prompt_tokens + 2 * workload.generated_tokens) /
                                    static_cast<double>(windows_of_workload))) {
    open();
  }

  void wait(const WorkloadRequest& request) { ++waiting_[at(request)]; }
  void start(const WorkloadRequest& request) { --waiting_[at(request)]; }
  void serve(const WorkloadRequest& request, double service) {
    window_.service[at(request)] += service;
    served_ += service;
  }
  // After each plan: what waits now, waits during the step.
  void note_waiting() {
    for (size_t client = 0; client < clients_; ++client) {
      bool any = false;
      for (size_t band = 0; band < bands_; ++band) {
        const size_t index = client * bands_ + band;
        any = any || waiting_[index] > 0;
        if (waiting_[index] == 0) window_.backlogged[index] = 0;
      }
      if (!any) window_.client_backlogged[client] = 0;
    }
  }
  void end_step(std::vector<ServiceWindow>& windows) {
    if (served_ < window_service_) return;
    windows.push_back(std::move(window_));
    open();
  }

 private:
  size_t at(const WorkloadRequest& request) const {
    return static_cast<size_t>(request.client) * bands_ + static_cast<size_t>(request.band);
  }
  void open() {
    served_ = 0;
    window_ = {.service = std::vector<double>(clients_ * bands_),
               .backlogged = std::vector<char>(clients_ * bands_, 1),
               .client_backlogged = std::vector<char>(clients_, 1)};
  }

  const size_t bands_;
  std::vector<int32_t> waiting_;  // (clients, bands)
  const size_t clients_;
  const double window_service_;
  double served_ = 0;  // in this window
  ServiceWindow window_;
};

class Run {
 public:
  Run(const Workload& workload, const TraceRunOptions& options)
      : workload_(workload), options_(options), scheduler_(limits()), service_(workload) {
    run_.policy = options.policy;
    run_.requests.resize(workload.requests.size());
    reached_.resize(workload.requests.size());
    names_.push_back("everyone");
    for (int32_t client = 0; client < workload.clients; ++client)
      names_.push_back("client " + std::to_string(client + 1));
  }

  Result<TraceRun> operator()(const TraceProgress& progress) {
    const int64_t count = std::ssize(workload_.requests);
    constexpr int64_t steps_between_reports = 1024;
    while (ended_ < count) {
      admit_arrivals();
      const StepPlan& plan = scheduler_.plan(now_ns_);
      if (plan.slices.empty()) {
        if (ended_ == count) break;  // the last ones were refused
        QUIRE_CHECK(next_ < workload_.requests.size(), "a step computes something while a request is there");
        now_ns_ = std::max(now_ns_, workload_.requests[next_].arrived_ns);
        continue;
      }
      step(plan);
      if (now_ns_ > time_max_ns) return fail(ErrorKind::too_large, "the virtual time does not fit in nanoseconds");
      if (++run_.steps % steps_between_reports == 0 && progress) progress(ended_);
    }
    scheduler_.check_invariants();
    const SchedulerCounts counts = scheduler_.counts();
    QUIRE_CHECK(counts.blocks_held == 0, "nothing is held when all is over");
    run_.counts = counts;
    return std::move(run_);
  }

 private:
  Limits limits() const {
    Limits limits = options_.limits;
    limits.block_tokens = workload_.block_tokens;
    limits.queue_max = static_cast<int32_t>(workload_.requests.size());
    limits.queue_tokens_max = 0;
    return limits;
  }

  const WorkloadRequest& request(size_t index) const { return workload_.requests[index]; }

  void admit_arrivals() {
    for (; next_ < workload_.requests.size() && request(next_).arrived_ns <= now_ns_; ++next_) {
      const WorkloadRequest& arrival = request(next_);
      const bool banded = options_.policy == TracePolicy::priority || options_.policy == TracePolicy::all;
      const bool named = options_.policy == TracePolicy::fair || options_.policy == TracePolicy::all;
      SequenceDemand demand{.id = {next_ + 1},
                            .prompt = prompt_of(workload_, static_cast<int32_t>(next_)),
                            .length_max = arrival.prompt_tokens + arrival.generated_tokens,
                            .client = names_[named ? static_cast<size_t>(arrival.client) + 1 : 0],
                            .arrived_ns = arrival.arrived_ns};
      if (banded) demand.priority = workload_bands[arrival.band].band;
      if (scheduler_.admit(std::move(demand))) {
        service_.wait(arrival);
      } else {
        run_.requests[next_].refused = true;
        ++run_.requests[next_].ends;
        ++ended_;
      }
    }
  }

  void step(const StepPlan& plan) {
    StepShape shape;
    for (const Slice& slice : plan.slices) note_slice(slice, shape);
    service_.note_waiting();
    const int64_t step_ns = options_.cost.step(shape, workload_.token_scale);
    now_ns_ += step_ns;
    outcomes_.clear();
    for (const Slice& slice : plan.slices) outcomes_.push_back(outcome_of(slice));
    service_.end_step(run_.windows);
    scheduler_.commit(outcomes_);
    scheduler_.observe({.streams = static_cast<int32_t>(shape.streams),
                        .prompt_rows = static_cast<int32_t>(shape.prompt_rows),
                        .step_ns = step_ns});
  }

  void note_slice(const Slice& slice, StepShape& shape) {
    const size_t index = slice.sequence.value - 1;
    RequestOutcome& outcome = run_.requests[index];
    if (outcome.started_ns < 0) {
      outcome.started_ns = now_ns_;
      service_.start(request(index));
    }
    // The row at position p reads p + 1 tokens.
    const int64_t begin = slice.begin, end = slice.end;
    const int64_t reads = (end * (end + 1) - begin * (begin + 1)) / 2;
    const bool streams = slice.samples && end - begin == 1;
    (streams ? shape.streams : shape.prompt_rows) += end - begin;
    (streams ? shape.stream_reads : shape.prompt_reads) += reads;
    int32_t& reached = reached_[index];
    reached = std::max(reached, slice.begin);  // what came from the tree
    run_.recomputed_tokens += std::max(0, std::min(slice.end, reached) - slice.begin);
    const int32_t fresh = std::max(0, std::min(slice.end, request(index).prompt_tokens) - reached);
    run_.prompt_rows += fresh;
    service_.serve(request(index), fresh);
    reached = std::max(reached, slice.end);
  }

  // At the end of the step that computes the slice.
  SliceOutcome outcome_of(const Slice& slice) {
    SliceOutcome result{.sequence = slice.sequence, .sampled = {}};
    if (!slice.samples) return result;
    const size_t index = slice.sequence.value - 1;
    RequestOutcome& outcome = run_.requests[index];
    if (outcome.first_token_ns < 0) outcome.first_token_ns = now_ns_;
    ++run_.generated_tokens;
    service_.serve(request(index), 2);
    // Answers differ between requests.
    result.sampled = first_generated_token + static_cast<TokenId>(index);
    result.finished = slice.end + 1 == request(index).prompt_tokens + request(index).generated_tokens;
    if (result.finished) {
      outcome.ended_ns = now_ns_;
      outcome.cached_tokens = scheduler_.find(slice.sequence)->cached_tokens;
      ++outcome.ends;
      ++ended_;
      run_.makespan_ns = now_ns_ - workload_.requests.front().arrived_ns;
    }
    return result;
  }

  // const after construction
  const Workload& workload_;
  const TraceRunOptions& options_;
  std::vector<std::string> names_;

  Scheduler scheduler_;
  ServiceRecord service_;
  TraceRun run_;
  std::vector<int32_t> reached_;  // of each request: what is computed again below it was lost
  std::vector<SliceOutcome> outcomes_;
  int64_t now_ns_ = 0;
  size_t next_ = 0;  // the next arrival
  int64_t ended_ = 0;
};

}  // namespace

std::string_view name(TracePolicy policy) {
  constexpr std::string_view names[] = {"fcfs", "priority", "fair", "all"};
  return names[static_cast<size_t>(policy)];
}

Result<TraceRun> run_trace(const Workload& workload, const TraceRunOptions& options, const TraceProgress& progress) {
  if (workload.requests.empty()) return fail(ErrorKind::invalid, "a workload without requests");
  return Run(workload, options)(progress);
}

}  // namespace quire::sim
