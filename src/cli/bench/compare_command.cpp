#include "cli/bench/compare_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "api/openai/dialect.h"
#include "base/clock.h"
#include "cli/bench/process_facts.h"
#include "cli/bench/server_process.h"
#include "cli/model_file.h"
#include "cli/terminal/human.h"
#include "cli/terminal/signals.h"
#include "cli/terminal/text_table.h"
#include "gguf/file.h"
#include "load/report.h"
#include "load/run.h"

namespace quire::cli {
namespace {

using nlohmann::ordered_json;

// How the clients' requests are served.
struct Setup {
  std::string name;
  int32_t processes = 1;
  int32_t contexts = 1;            // of each process
  std::optional<int32_t> threads;  // of each process; absent: the server's own choice, every core
};

struct Outcome {
  Setup setup;
  int64_t ready_ns = 0;  // until a token came from every context
  uint64_t pss_ready_bytes = 0;
  ProcessMemory peak;  // of what was seen under load, all processes together
  load::Figures together;
  double switches_per_token = 0;       // of the servers' threads, under load together
  double one_by_one_tokens_per_s = 0;  // of the first request of each client, one after another
};

// One setup's servers and what is done with them. The destructor ends the servers.
class Trial {
 public:
  Trial(const BenchCompareOptions& options, const Setup& setup, const HeldSignals& signals)
      : options_(options), signals_(signals) {
    outcome_.setup = setup;
  }

  Result<Outcome> run() {
    QUIRE_TRY_VOID(start());
    QUIRE_TRY_VOID(load_one_by_one());
    const int64_t before = switches();
    QUIRE_TRY(outcome_.together, ask(workload(options_.prompt, options_.generate), 0, options_.instances,
                                     options_.requests, /*watches_memory=*/true));
    outcome_.switches_per_token =
        static_cast<double>(switches() - before) / static_cast<double>(std::max<int64_t>(1, outcome_.together.tokens));
    return std::move(outcome_);
  }

 private:
  static load::WorkloadSpec workload(int32_t prompt, int32_t generate) {
    return {.prompt_tokens = {prompt, prompt}, .answer_tokens = {generate, generate}, .temperature = 0.8};
  }

  // All processes at once, as a user's script would; ready when each context has given a token.
  Result<void> start() {
    const int64_t begin_ns = clock_.now_ns();
    for (int32_t index = 0; index < outcome_.setup.processes; ++index) {
      QUIRE_TRY(ServerProcess server, spawn());
      servers_.push_back(std::move(server));
    }
    for (ServerProcess& server : servers_) {
      QUIRE_TRY_VOID(server.listen(ServerProcess::start_timeout_ns, [this] { return !signals_.pending(); }));
      targets_.push_back({.name = "compared",
                          .endpoint = server.endpoint(),
                          .dialect = &api::openai::dialect,
                          .model = "model",
                          .chat = false});
    }
    QUIRE_TRY_VOID(ask(workload(1, 1), 0, options_.instances, 1, /*watches_memory=*/false));
    outcome_.ready_ns = clock_.now_ns() - begin_ns;
    outcome_.pss_ready_bytes = memory().pss_bytes;
    QUIRE_TRY_VOID(load::calibrate(targets_[0], workload(options_.prompt, 1), load::RunOptions{}.timeout_ms));
    for (load::Target& target : targets_) target.calibration = targets_[0].calibration;
    return {};
  }

  Result<ServerProcess> spawn() const {
    ServerProcess::Options server{
        .model = "model=" + options_.model,
        .environment = {{"QUIRE_NUM_PARALLEL", fmt::to_string(outcome_.setup.contexts)}, {"QUIRE_KEEP_ALIVE", "-1"}}};
    if (outcome_.setup.threads) server.arguments = {"--threads", fmt::to_string(*outcome_.setup.threads)};
    return ServerProcess::spawn(server);
  }

  Result<void> load_one_by_one() {
    int64_t tokens = 0;
    const int64_t begin_ns = clock_.now_ns();
    for (int32_t client = 0; client < options_.instances; ++client) {
      QUIRE_TRY(const load::Figures figures, ask(workload(options_.prompt, options_.generate), client, client + 1, 1,
                                                 /*watches_memory=*/false));
      tokens += figures.tokens;
    }
    outcome_.one_by_one_tokens_per_s =
        static_cast<double>(tokens) * 1e9 / static_cast<double>(clock_.now_ns() - begin_ns);
    return {};
  }

  // Clients [begin, end) side by side, each with so many requests one after another. A client asks the same whatever
  // the setup, and nobody asks what another one does.
  Result<load::Figures> ask(const load::WorkloadSpec& spec, int32_t begin, int32_t end, int32_t requests,
                            bool watches_memory) {
    std::vector<load::StageResult> results(static_cast<size_t>(end - begin));
    std::vector<std::jthread> clients;
    std::atomic<int32_t> ended = 0;  // only counts; what a client saw is read after its join
    const int64_t begin_ns = clock_.now_ns();
    for (int32_t client = begin; client < end; ++client) {
      clients.emplace_back([&, client] {
        const load::Stage stage{.parallel = 1,
                                .requests_max = requests,
                                .first_conversation = int64_t{asked_ + client} * options_.requests};
        results[static_cast<size_t>(client - begin)] = load::run_stage(
            target_of(client), spec, stage, {}, [this](const load::RunProgress&) { return !signals_.pending(); });
        ++ended;
      });
    }
    while (watches_memory && ended < end - begin) {
      note_peak();
      for (int32_t wait = 0; wait < 10 && ended < end - begin; ++wait) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    }
    clients.clear();
    const int64_t wall_ns = clock_.now_ns() - begin_ns;
    if (watches_memory) note_peak();
    if (signals_.pending()) return fail(ErrorKind::cancelled, "interrupted");
    asked_ += options_.instances;  // the next ones find nothing of these in a cache
    std::vector<const load::Sample*> samples;
    for (const load::StageResult& result : results) {
      for (const load::Sample& sample : result.samples) {
        if (sample.outcome != load::Outcome::whole) {
          return fail(ErrorKind::internal, sample.error.empty() ? std::string(name(sample.outcome)) : sample.error);
        }
        samples.push_back(&sample);
      }
    }
    return load::figures_of(samples, wall_ns, {});
  }

  const load::Target& target_of(int32_t client) const {
    return targets_[static_cast<size_t>(client) % targets_.size()];
  }
  ProcessMemory memory() const {
    ProcessMemory sum;
    for (const ServerProcess& server : servers_) {
      const ProcessMemory one = memory_of_process(server.pid());
      sum.pss_bytes += one.pss_bytes;
      sum.anonymous_bytes += one.anonymous_bytes;
    }
    return sum;
  }
  void note_peak() {
    const ProcessMemory now = memory();
    if (now.pss_bytes > outcome_.peak.pss_bytes) outcome_.peak = now;
  }
  int64_t switches() const {
    int64_t sum = 0;
    for (const ServerProcess& server : servers_) sum += context_switches_of(server.pid());
    return sum;
  }

  const BenchCompareOptions& options_;
  const HeldSignals& signals_;
  const SteadyClock clock_;
  std::vector<ServerProcess> servers_;
  std::vector<load::Target> targets_;
  int32_t asked_ = 0;  // clients' worth of conversations
  Outcome outcome_;
};

ordered_json json_of(const Outcome& outcome) {
  const auto ms = [](int64_t ns) { return static_cast<double>(ns) / 1e6; };
  const load::Figures& seen = outcome.together;
  return {{"setup", outcome.setup.name},
          {"processes", outcome.setup.processes},
          {"contexts", outcome.setup.contexts},
          {"threads", outcome.setup.threads.value_or(thread_count(0))},
          {"ready_ms", ms(outcome.ready_ns)},
          {"pss_ready_bytes", outcome.pss_ready_bytes},
          {"pss_peak_bytes", outcome.peak.pss_bytes},
          {"pss_peak_anonymous_bytes", outcome.peak.anonymous_bytes},
          {"tokens", seen.tokens},
          {"tokens_per_s", seen.tokens_per_s},
          {"one_by_one_tokens_per_s", outcome.one_by_one_tokens_per_s},
          {"first_token_ms_p50", ms(seen.first_ns.p50)},
          {"first_token_ms_p90", ms(seen.first_ns.p90)},
          {"gap_ms_p50", ms(seen.gap_ns.p50)},
          {"gap_ms_p90", ms(seen.gap_ns.p90)},
          {"gap_ms_p99", ms(seen.gap_ns.p99)},
          {"switches_per_token", outcome.switches_per_token}};
}

void print_table(const BenchCompareOptions& options, const std::vector<Outcome>& outcomes) {
  fmt::print("{}: {} clients, {} requests each, prompts of {} tokens, {} generated\n\n", options.model,
             options.instances, options.requests, options.prompt, options.generate);
  std::vector<std::string> heading = {""};
  for (const Outcome& outcome : outcomes) heading.push_back(outcome.setup.name);
  TextTable table(heading);
  const auto add = [&](const char* name, const auto& cell) {
    std::vector<std::string> row = {name};
    for (const Outcome& outcome : outcomes) row.push_back(cell(outcome));
    table.add(std::move(row));
  };
  const auto percentiles = [](const Percentiles& values) {
    return fmt::format("{} / {}", format_duration(values.p50), format_duration(values.p90));
  };
  add("threads of a process",
      [](const Outcome& o) { return fmt::to_string(o.setup.threads.value_or(thread_count(0))); });
  add("until all answer", [](const Outcome& o) { return format_duration(o.ready_ns); });
  add("memory when ready", [](const Outcome& o) { return human_bytes(o.pss_ready_bytes); });
  add("memory under load", [](const Outcome& o) { return human_bytes(o.peak.pss_bytes); });
  add("  of it private", [](const Outcome& o) { return human_bytes(o.peak.anonymous_bytes); });
  add("tokens/s together", [](const Outcome& o) { return format_count(o.together.tokens_per_s); });
  add("tokens/s one by one", [](const Outcome& o) { return format_count(o.one_by_one_tokens_per_s); });
  add("first token p50 / p90", [&](const Outcome& o) { return percentiles(o.together.first_ns); });
  add("gap p50 / p90", [&](const Outcome& o) { return percentiles(o.together.gap_ns); });
  add("switches a token", [](const Outcome& o) { return format_count(o.switches_per_token); });
  fmt::print("{}\n", table.text());
  const Outcome& one = outcomes.front();
  for (size_t index = 1; index < outcomes.size(); ++index) {
    const Outcome& other = outcomes[index];
    const auto ratio = [](double a, double b) { return a / std::max(b, 1e-9); };
    fmt::print(
        "beside {}: {:.0f} % less memory, ready in {:.2f} of the time, {:.2f} of the throughput, {:.2f} of the "
        "switches a token\n",
        other.setup.name,
        100 - 100 * ratio(static_cast<double>(one.peak.pss_bytes), static_cast<double>(other.peak.pss_bytes)),
        ratio(static_cast<double>(one.ready_ns), static_cast<double>(other.ready_ns)),
        ratio(one.together.tokens_per_s, other.together.tokens_per_s),
        ratio(one.switches_per_token, other.switches_per_token));
  }
}

}  // namespace

Result<void> bench_compare_command(const BenchCompareOptions& options) {
  const HeldSignals signals;
  QUIRE_TRY_VOID(gguf::File::open(options.model));  // one sentence about a wrong file, not one of each server
  const int32_t count = options.instances;
  const int32_t share = std::max(1, thread_count(0) / count);
  const std::vector<Setup> setups = {
      {.name = fmt::format("1 process, {} contexts", count), .processes = 1, .contexts = count, .threads = {}},
      {.name = fmt::format("{} processes", count), .processes = count, .contexts = 1, .threads = {}},
      {.name = fmt::format("{} processes, cores shared", count), .processes = count, .contexts = 1, .threads = share},
  };
  std::vector<Outcome> outcomes;
  for (const Setup& setup : setups) {
    QUIRE_TRY(Outcome outcome, Trial(options, setup, signals).run());
    if (options.format == OutputFormat::jsonl) {
      fmt::print("{}\n", json_of(outcome).dump());
      std::fflush(stdout);
    }
    outcomes.push_back(std::move(outcome));
  }
  if (options.format == OutputFormat::table) print_table(options, outcomes);
  return {};
}

}  // namespace quire::cli
