#include "sim/trace_summary.h"

#include <algorithm>

namespace quire::sim {

namespace {

// What several windows say of fairness.
struct Fairness {
  int64_t windows = 0;
  double jain_sum = 0;
  std::vector<double> had, equal;  // (clients)

  // The services of the clients that were backlogged.
  void add(const std::vector<size_t>& clients, const std::vector<double>& services) {
    if (clients.size() < 2) return;
    double sum = 0;
    for (const double service : services) sum += service;
    ++windows;
    jain_sum += jain_index(services);
    for (size_t index = 0; index < clients.size(); ++index) {
      had[clients[index]] += services[index];
      equal[clients[index]] += sum / static_cast<double>(clients.size());
    }
  }
  double mean() const { return windows == 0 ? 1 : jain_sum / static_cast<double>(windows); }
};

void summarize_service(const Workload& workload, const TraceRun& run, TraceSummary& summary) {
  const size_t clients = static_cast<size_t>(workload.clients);
  constexpr size_t bands = workload_band_count;
  Fairness whole{.had = std::vector<double>(clients), .equal = std::vector<double>(clients)};
  Fairness banded = whole;
  std::vector<size_t> who;
  std::vector<double> services;
  for (const ServiceWindow& window : run.windows) {
    who.clear();
    services.clear();
    for (size_t client = 0; client < clients; ++client) {
      if (!window.client_backlogged[client]) continue;
      who.push_back(client);
      services.push_back(0);
      for (size_t band = 0; band < bands; ++band) services.back() += window.service[client * bands + band];
    }
    whole.add(who, services);
    for (size_t band = 0; band < bands; ++band) {
      who.clear();
      services.clear();
      for (size_t client = 0; client < clients; ++client) {
        if (!window.backlogged[client * bands + band]) continue;
        who.push_back(client);
        services.push_back(window.service[client * bands + band]);
      }
      // A band that got nothing at all waited for more urgent ones, not for a client of its own.
      if (std::ranges::any_of(services, [](double service) { return service > 0; })) banded.add(who, services);
    }
  }
  summary.contested_windows = whole.windows;
  summary.jain = whole.mean();
  summary.jain_in_bands = banded.mean();
  double smallest = 0, largest = 0;
  for (size_t client = 0; client < clients; ++client) {
    const double share = whole.equal[client] > 0 ? whole.had[client] / whole.equal[client] : -1;
    summary.share.push_back(share);
    if (share < 0) continue;
    smallest = smallest == 0 ? share : std::min(smallest, share);
    largest = std::max(largest, share);
  }
  summary.share_ratio = smallest > 0 ? largest / smallest : 1;
}

}  // namespace

double jain_index(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  return squares == 0 ? 1 : sum * sum / (static_cast<double>(values.size()) * squares);
}

TraceSummary summarize(const Workload& workload, const TraceRun& run) {
  TraceSummary summary{.policy = run.policy,
                       .steps = run.steps,
                       .counts = run.counts,
                       .recomputed_tokens = run.recomputed_tokens * workload.token_scale,
                       .makespan_ns = run.makespan_ns};
  std::array<std::vector<int64_t>, workload_band_count + 1> waits, first_tokens;
  summary.each_ended_once = true;
  int64_t cached_tokens = 0, served_tokens = 0;
  for (size_t index = 0; index < run.requests.size(); ++index) {
    const WorkloadRequest& request = workload.requests[index];
    const RequestOutcome& outcome = run.requests[index];
    summary.each_ended_once = summary.each_ended_once && outcome.ends == 1;
    ++(outcome.refused ? summary.refused : summary.ended);
    if (outcome.refused) continue;
    cached_tokens += outcome.cached_tokens;
    served_tokens += request.prompt_tokens + request.generated_tokens;
    for (const size_t band : {static_cast<size_t>(request.band), size_t{workload_band_count}}) {
      waits[band].push_back(outcome.started_ns - request.arrived_ns);
      first_tokens[band].push_back(outcome.first_token_ns - request.arrived_ns);
    }
  }
  for (size_t band = 0; band < waits.size(); ++band) {
    summary.wait_ns[band] = percentiles(std::move(waits[band]));
    summary.first_token_ns[band] = percentiles(std::move(first_tokens[band]));
  }
  summarize_service(workload, run, summary);
  summary.hit_blocks = cached_tokens / workload.block_tokens;
  summary.hit_percent = 100.0 * static_cast<double>(summary.hit_blocks) / static_cast<double>(workload.prompt_blocks);
  const double seconds = std::max(1e-9, static_cast<double>(run.makespan_ns) / 1e9);
  const auto rate = [&](int64_t tokens) { return static_cast<double>(tokens * workload.token_scale) / seconds; };
  summary.prompt_rows_per_s = rate(run.prompt_rows);
  summary.generated_per_s = rate(run.generated_tokens);
  summary.tokens_per_s = rate(served_tokens);
  return summary;
}

}  // namespace quire::sim
