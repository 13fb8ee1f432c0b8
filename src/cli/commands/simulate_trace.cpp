#include "cli/commands/simulate_trace.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "cli/terminal/text_table.h"
#include "sim/cache_oracle.h"
#include "sim/trace_run.h"
#include "sim/trace_summary.h"

namespace quire::cli {
namespace {

using sim::TraceSummary;

// A comparison then takes seconds, and a block of the trace 16 simulated tokens.
constexpr int32_t token_scale_with_blocks = 32;
constexpr int32_t token_scale_without = 8;
constexpr int64_t blocks_max = int64_t{1} << 24;

std::string seconds(int64_t ns) { return ns < 0 ? "-" : fmt::format("{:.1f}", static_cast<double>(ns) / 1e9); }

std::string three(const Percentiles& p) {
  return fmt::format("{} / {} / {}", seconds(p.p50), seconds(p.p90), seconds(p.p99));
}

// A figure a row, a policy a column.
class Comparison {
 public:
  explicit Comparison(const std::vector<TraceSummary>& summaries) : summaries_(summaries), table_(heading(summaries)) {}

  void row(std::string label, const std::function<std::string(const TraceSummary&)>& cell) {
    std::vector<std::string> cells = {std::move(label)};
    for (const TraceSummary& summary : summaries_) cells.push_back(cell(summary));
    table_.add(std::move(cells));
  }
  std::string text() const { return table_.text(); }

 private:
  static std::vector<std::string> heading(const std::vector<TraceSummary>& summaries) {
    std::vector<std::string> names = {"policy"};
    for (const TraceSummary& summary : summaries) names.emplace_back(sim::name(summary.policy));
    return names;
  }

  const std::vector<TraceSummary>& summaries_;
  TextTable table_;
};

std::string band_name(size_t index) {
  return index < sim::workload_band_count ? fmt::format("band {}", sim::workload_bands[index].band) : "all bands";
}

void add_times(Comparison& table) {
  for (size_t band = 0; band <= sim::workload_band_count; ++band) {
    table.row("wait p50 / p90 / p99 s, " + band_name(band),
              [&](const TraceSummary& s) { return three(s.wait_ns[band]); });
  }
  for (size_t band = 0; band <= sim::workload_band_count; ++band) {
    table.row("first token p50 / p90 / p99 s, " + band_name(band),
              [&](const TraceSummary& s) { return three(s.first_token_ns[band]); });
  }
}

void add_service(Comparison& table, const sim::Workload& workload) {
  std::vector<int64_t> requests(static_cast<size_t>(workload.clients));
  for (const sim::WorkloadRequest& request : workload.requests) ++requests[static_cast<size_t>(request.client)];
  const auto count = static_cast<double>(workload.requests.size());
  for (size_t client = 0; client < requests.size(); ++client) {
    table.row(
        fmt::format("service of client {} ({:.0f} % of requests) / equal share", client + 1,
                    100 * static_cast<double>(requests[client]) / count),
        [&](const TraceSummary& s) { return s.share[client] < 0 ? "-" : fmt::format("{:.2f}", s.share[client]); });
  }
  table.row("  the largest / the smallest", [](const TraceSummary& s) { return fmt::format("{:.2f}", s.share_ratio); });
  table.row("Jain index between clients", [](const TraceSummary& s) { return fmt::format("{:.3f}", s.jain); });
  table.row("  each band for itself", [](const TraceSummary& s) { return fmt::format("{:.3f}", s.jain_in_bands); });
  table.row("  contested windows", [](const TraceSummary& s) { return fmt::format("{}", s.contested_windows); });
}

void add_work(Comparison& table, const std::vector<TraceSummary>& summaries) {
  table.row("widest gap in service, % of its bound", [](const TraceSummary& s) {
    return fmt::format("{:.1f}", 100 * static_cast<double>(s.counts.service_gap_max) /
                                     static_cast<double>(std::max<int64_t>(1, s.counts.service_bound)));
  });
  table.row("started because they had waited long",
            [](const TraceSummary& s) { return fmt::format("{}", s.counts.aged_starts); });
  table.row("preemptions", [](const TraceSummary& s) { return fmt::format("{}", s.counts.preemptions); });
  table.row("recomputed tokens", [](const TraceSummary& s) { return fmt::format("{}", s.recomputed_tokens); });
  table.row("evicted blocks", [](const TraceSummary& s) { return fmt::format("{}", s.counts.evictions); });
  table.row("cache hits, % of prompt blocks",
            [](const TraceSummary& s) { return fmt::format("{:.2f}", s.hit_percent); });
  table.row("tokens/s served, prompts and answers",
            [](const TraceSummary& s) { return fmt::format("{:.1f}", s.tokens_per_s); });
  table.row("  prompt tokens computed/s",
            [](const TraceSummary& s) { return fmt::format("{:.1f}", s.prompt_rows_per_s); });
  table.row("  generated/s", [](const TraceSummary& s) { return fmt::format("{:.1f}", s.generated_per_s); });
  table.row(fmt::format("  served, % of {}", sim::name(summaries.front().policy)), [&](const TraceSummary& s) {
    return fmt::format("{:.2f}", 100 * s.tokens_per_s / std::max(1e-9, summaries.front().tokens_per_s));
  });
  table.row("makespan s", [](const TraceSummary& s) { return seconds(s.makespan_ns); });
  table.row("steps", [](const TraceSummary& s) { return fmt::format("{}", s.steps); });
  table.row("requests ended", [](const TraceSummary& s) { return fmt::format("{}", s.ended); });
  table.row("requests that could never fit", [](const TraceSummary& s) { return fmt::format("{}", s.refused); });
}

void print_world(const SimulateTraceOptions& options, const sim::Workload& workload, const sim::TraceRunOptions& run) {
  const int64_t scale = workload.token_scale;
  fmt::print("{} requests in {} s, {} prompt and {} generated tokens", workload.requests.size(),
             seconds(workload.requests.back().arrived_ns), workload.prompt_tokens * scale,
             workload.generated_tokens * scale);
  fmt::print("; {} prompt blocks of {} tokens, {} different ones\n", workload.prompt_blocks,
             workload.block_tokens * scale, workload.distinct_blocks);
  fmt::print("times of arrival x {}; {} tokens are simulated as one\n", options.time_scale, scale);
  fmt::print("by seed {}: {} clients, client k with a share of 1/k; bands", options.seed, workload.clients);
  for (const sim::BandShare& share : sim::workload_bands) fmt::print(" {}: {} %", share.band, share.percent);
  fmt::print(
      "\n{} KV blocks ({:.1f} % of the different ones), at most {} contexts and {} rows a step, ageing every {} "
      "steps\n",
      run.limits.block_count,
      100 * static_cast<double>(run.limits.block_count) / static_cast<double>(workload.distinct_blocks),
      run.limits.running_max, run.limits.step_tokens_max, options.ageing_steps);
  fmt::print("{}\n\n", run.cost.text());
}

// What a cache can do, in the same per cent as the table.
void print_oracles(const sim::Workload& workload, int64_t capacity) {
  if (workload.requests.front().blocks.empty()) return;
  const auto line = [&](std::string_view what, int64_t hits) {
    fmt::print("{:>7.2f} % of prompt blocks ({}) {}\n",
               100 * static_cast<double>(hits) / static_cast<double>(workload.prompt_blocks), hits, what);
  };
  line("are not the first of their kind: nothing can serve more", workload.prompt_blocks - workload.distinct_blocks);
  line("of these are full ones", sim::ideal_hits(workload));
  line("from a least recently used cache of this size", sim::lru_hits(workload, capacity));
  line("from Belady's of this size: no cache serves more", sim::belady_hits(workload, capacity));
}

Result<std::vector<sim::TracePolicy>> policies_of(const std::string& policy) {
  std::vector<sim::TracePolicy> policies;
  for (const sim::TracePolicy one : sim::trace_policies) {
    if (policy == "compare" || policy == sim::name(one)) policies.push_back(one);
  }
  if (policies.empty()) {
    return fail(ErrorKind::invalid, fmt::format("no policy '{}': fcfs, priority, fair, all or compare", policy));
  }
  return policies;
}

Result<int32_t> kv_blocks_of(const SimulateTraceOptions& options, const sim::Workload& workload) {
  int64_t blocks = workload.unlimited_blocks;
  if (options.kv_share > 0) {
    blocks = std::llround(std::min(1e12, static_cast<double>(workload.distinct_blocks) * options.kv_share / 100));
  }
  if (options.kv_blocks > 0) blocks = options.kv_blocks;
  if (blocks < 1 || blocks > blocks_max) {
    return fail(ErrorKind::invalid, fmt::format("{} KV blocks: 1 to {} can be simulated", blocks, blocks_max));
  }
  return static_cast<int32_t>(blocks);
}

// A line that redraws itself, on a terminal.
sim::TraceProgress progress_of(sim::TracePolicy policy, int64_t count) {
  if (isatty(STDERR_FILENO) == 0) return {};
  return [policy, count, shown = int64_t{-1}](int64_t ended) mutable {
    const int64_t percent = 100 * ended / count;
    if (percent == shown) return;
    shown = percent;
    fmt::print(stderr, "\r{:<9}{:>3} % of {} requests\x1b[K", sim::name(policy), percent, count);
  };
}

}  // namespace

Result<int> run_simulate_trace(const SimulateTraceOptions& options) {
  QUIRE_TRY(const auto policies, policies_of(options.policy));
  sim::TraceRunOptions run{.limits = {.running_max = options.running_max, .step_tokens_max = options.step_tokens_max}};
  if (!options.cost_model.empty()) {
    QUIRE_TRY(run.cost, sim::CostModel::parse(options.cost_model));
  }
  QUIRE_TRY(const std::string text, trace::read_trace_text(options.file));
  QUIRE_TRY(const trace::Trace trace, trace::parse_trace(text));
  const int32_t scale = options.token_scale > 0
                            ? options.token_scale
                            : (trace.block_tokens > 0 ? token_scale_with_blocks : token_scale_without);
  QUIRE_TRY(const sim::Workload workload, sim::make_workload(trace, {.requests_max = options.requests,
                                                                     .time_scale = options.time_scale,
                                                                     .token_scale = scale,
                                                                     .clients = options.clients,
                                                                     .seed = options.seed}));
  QUIRE_TRY(run.limits.block_count, kv_blocks_of(options, workload));
  // A simulated step stands for as many steps as a simulated token for tokens.
  run.limits.ageing_steps = std::max(1, options.ageing_steps / workload.token_scale);
  run.limits.context_tokens = std::numeric_limits<int32_t>::max() / 2;
  print_world(options, workload, run);

  std::vector<TraceSummary> summaries;
  for (const sim::TracePolicy policy : policies) {
    run.policy = policy;
    QUIRE_TRY(const sim::TraceRun result,
              sim::run_trace(workload, run, progress_of(policy, std::ssize(workload.requests))));
    summaries.push_back(sim::summarize(workload, result));
  }
  if (isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\x1b[K");
  Comparison table(summaries);
  add_times(table);
  add_service(table, workload);
  add_work(table, summaries);
  fmt::print("{}\n", table.text());
  print_oracles(workload, run.limits.block_count);
  const bool complete = std::ranges::all_of(summaries, &TraceSummary::each_ended_once);
  fmt::print("each request ended once: {}\n", complete ? "yes" : "NO");
  return complete ? 0 : 1;
}

}  // namespace quire::cli
