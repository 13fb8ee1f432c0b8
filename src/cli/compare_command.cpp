#include "cli/compare_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <thread>

#include "base/clock.h"
#include "cli/answer_stream.h"
#include "base/percentiles.h"
#include "cli/process_facts.h"
#include "cli/server_process.h"
#include "cli/client.h"
#include "cli/model_file.h"
#include "cli/signals.h"
#include "cli/text_table.h"
#include "gguf/file.h"
#include "load/http_client.h"
#include "text/tokenizer.h"

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

// Requests to some servers, as one client thread saw them.
struct Seen {
  std::vector<int64_t> first_ns;  // from sending to the first token
  std::vector<int64_t> gap_ns;    // between two pieces of an answer
  int64_t tokens = 0;
  std::string error;
};

struct Load {
  Seen seen;
  int64_t wall_ns = 0;
  double tokens_per_s() const { return static_cast<double>(seen.tokens) * 1e9 / static_cast<double>(wall_ns); }
};

struct Outcome {
  Setup setup;
  int64_t ready_ns = 0;  // until a token came from every context
  uint64_t pss_ready_bytes = 0;
  ProcessMemory peak;  // of what was seen under load, all processes together
  Load together;
  double switches_per_token = 0;  // of the servers' threads, under load together
  Load one_by_one;                // the first request of each client, one after another
};

// Nearest rank; 0 of nothing.
int64_t percentile_ns(std::vector<int64_t> values, int percent) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return nearest_rank(values, percent);
}

// The same for the same client and request, whatever the setup: words of the vocabulary, and a seed.
load::HttpCall call_for(int32_t vocab, int32_t client, int32_t request, int32_t prompt_tokens, int32_t tokens) {
  ordered_json prompt = ordered_json::array();
  for (int32_t at = 0; at < prompt_tokens; ++at) {
    const int64_t mixed = int64_t{client} * 7919 + int64_t{request} * 15485863 + int64_t{at} * 104729;
    prompt.push_back(mixed % vocab);
  }
  const ordered_json body = {
      {"model", "model"},      {"prompt", prompt}, {"max_tokens", tokens},
      {"temperature", 0.8},    {"seed", 1},        {"ignore_eos", true},
      {"cache_prompt", false}, {"stream", true},   {"stream_options", {{"include_usage", true}}}};
  return {.method = "POST", .target = "/v1/completions", .body = body.dump()};
}

// The usage event of a completion: how many tokens it generated.
int64_t completion_tokens(std::string_view line) {
  if (!line.starts_with("data: {") || line.find("\"completion_tokens\"") == std::string_view::npos) return 0;
  const auto event = nlohmann::json::parse(line.substr(6), nullptr, false);
  if (!event.is_object() || !event.contains("usage") || !event["usage"].is_object()) return 0;
  return number_at(event["usage"], "completion_tokens", 0);
}

// Sends calls one after another and notes what came when.
void ask(const load::HttpEndpoint& endpoint, std::span<const load::HttpCall> calls, load::KeepGoing keep_going,
         Seen& seen) {
  const SteadyClock clock;
  for (const load::HttpCall& call : calls) {
    const int64_t sent_ns = clock.now_ns();
    int64_t last_ns = 0;
    const auto on_line = [&](size_t, std::string_view line) {
      const AnswerLine answer = parse_answer_line(line);
      if (!answer.error.empty()) seen.error = answer.error;
      seen.tokens += completion_tokens(line);
      if (answer.text.empty()) return seen.error.empty();
      const int64_t now_ns = clock.now_ns();
      if (last_ns == 0) {
        seen.first_ns.push_back(now_ns - sent_ns);
      } else {
        seen.gap_ns.push_back(now_ns - last_ns);
      }
      last_ns = now_ns;
      return seen.error.empty();
    };
    const auto replies = load::http_stream(endpoint, {&call, 1}, on_line, keep_going);
    const load::HttpReply& reply = replies[0];
    if (seen.error.empty() && (reply.error || reply.status != 200)) seen.error = error_of(reply).message;
    if (!seen.error.empty()) return;
  }
}

// One setup's servers and what is done with them. The destructor ends the servers.
class Trial {
 public:
  Trial(const BenchCompareOptions& options, const Setup& setup, int32_t vocab, const HeldSignals& signals)
      : options_(options), vocab_(vocab), signals_(signals) {
    outcome_.setup = setup;
  }

  Result<Outcome> run() {
    QUIRE_TRY_VOID(start());
    QUIRE_TRY(outcome_.one_by_one, load_one_by_one());
    const int64_t before = switches();
    QUIRE_TRY(outcome_.together, load_together());
    outcome_.switches_per_token = static_cast<double>(switches() - before) /
                                  static_cast<double>(std::max<int64_t>(1, outcome_.together.seen.tokens));
    return std::move(outcome_);
  }

 private:
  // All processes at once, as a user's script would; ready when each context has given a token.
  Result<void> start() {
    const int64_t begin_ns = clock_.now_ns();
    for (int32_t index = 0; index < outcome_.setup.processes; ++index) {
      QUIRE_TRY(ServerProcess server, spawn());
      servers_.push_back(std::move(server));
    }
    for (ServerProcess& server : servers_) {
      QUIRE_TRY_VOID(server.listen(ServerProcess::start_timeout_ns, [this] { return !signals_.pending(); }));
      endpoints_.push_back(server.endpoint());
    }
    std::vector<std::vector<load::HttpCall>> calls;
    for (int32_t client = 0; client < options_.instances; ++client) {
      calls.push_back({call_for(vocab_, client, 0, 1, 1)});
    }
    QUIRE_TRY(const Load first, parallel(calls, /*watches_memory=*/false));
    outcome_.ready_ns = clock_.now_ns() - begin_ns;
    outcome_.pss_ready_bytes = memory().pss_bytes;
    return {};
  }

  Result<ServerProcess> spawn() const {
    ServerProcess::Options server{.model = "model=" + options_.model,
                                  .environment = {{"QUIRE_NUM_PARALLEL", fmt::to_string(outcome_.setup.contexts)},
                                                  {"QUIRE_KEEP_ALIVE", "-1"}}};
    if (outcome_.setup.threads) server.arguments = {"--threads", fmt::to_string(*outcome_.setup.threads)};
    return ServerProcess::spawn(server);
  }

  Result<Load> load_together() {
    std::vector<std::vector<load::HttpCall>> calls;
    for (int32_t client = 0; client < options_.instances; ++client) {
      calls.emplace_back();
      for (int32_t request = 0; request < options_.requests; ++request) {
        calls.back().push_back(call_for(vocab_, client, request, options_.prompt, options_.generate));
      }
    }
    return parallel(calls, /*watches_memory=*/true);
  }

  Result<Load> load_one_by_one() {
    Load load;
    const int64_t begin_ns = clock_.now_ns();
    for (int32_t client = 0; client < options_.instances; ++client) {
      const load::HttpCall call = call_for(vocab_, client, 0, options_.prompt, options_.generate);
      ask(
          endpoint_of(client), {&call, 1}, [this] { return !signals_.pending(); }, load.seen);
      if (signals_.pending()) return fail(ErrorKind::cancelled, "interrupted");
      if (!load.seen.error.empty()) return fail(ErrorKind::internal, load.seen.error);
    }
    load.wall_ns = clock_.now_ns() - begin_ns;
    return load;
  }

  // Each client's calls one after another, the clients side by side.
  Result<Load> parallel(const std::vector<std::vector<load::HttpCall>>& calls, bool watches_memory) {
    std::vector<Seen> seen(calls.size());
    std::vector<std::jthread> clients;
    std::atomic<size_t> ended = 0;  // only counts; what a client saw is read after its join
    const int64_t begin_ns = clock_.now_ns();
    for (size_t client = 0; client < calls.size(); ++client) {
      clients.emplace_back([&, client] {
        ask(
            endpoint_of(static_cast<int32_t>(client)), calls[client], [this] { return !signals_.pending(); },
            seen[client]);
        ++ended;
      });
    }
    while (watches_memory && ended < calls.size()) {
      note_peak();
      for (int32_t wait = 0; wait < 10 && ended < calls.size(); ++wait) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    }
    clients.clear();
    Load load{.seen = {}, .wall_ns = clock_.now_ns() - begin_ns};
    if (watches_memory) note_peak();
    if (signals_.pending()) return fail(ErrorKind::cancelled, "interrupted");
    for (Seen& one : seen) {
      if (!one.error.empty()) return fail(ErrorKind::internal, one.error);
      load.seen.first_ns.insert(load.seen.first_ns.end(), one.first_ns.begin(), one.first_ns.end());
      load.seen.gap_ns.insert(load.seen.gap_ns.end(), one.gap_ns.begin(), one.gap_ns.end());
      load.seen.tokens += one.tokens;
    }
    return load;
  }

  const load::HttpEndpoint& endpoint_of(int32_t client) const {
    return endpoints_[static_cast<size_t>(client) % endpoints_.size()];
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
  const int32_t vocab_;
  const HeldSignals& signals_;
  const SteadyClock clock_;
  std::vector<ServerProcess> servers_;
  std::vector<load::HttpEndpoint> endpoints_;
  Outcome outcome_;
};

ordered_json json_of(const Outcome& outcome) {
  const auto ms = [](int64_t ns) { return static_cast<double>(ns) / 1e6; };
  const Seen& seen = outcome.together.seen;
  return {{"setup", outcome.setup.name},
          {"processes", outcome.setup.processes},
          {"contexts", outcome.setup.contexts},
          {"threads", outcome.setup.threads.value_or(thread_count(0))},
          {"ready_ms", ms(outcome.ready_ns)},
          {"pss_ready_bytes", outcome.pss_ready_bytes},
          {"pss_peak_bytes", outcome.peak.pss_bytes},
          {"pss_peak_anonymous_bytes", outcome.peak.anonymous_bytes},
          {"tokens", seen.tokens},
          {"tokens_per_s", outcome.together.tokens_per_s()},
          {"one_by_one_tokens_per_s", outcome.one_by_one.tokens_per_s()},
          {"first_token_ms_p50", ms(percentile_ns(seen.first_ns, 50))},
          {"first_token_ms_p95", ms(percentile_ns(seen.first_ns, 95))},
          {"gap_ms_p50", ms(percentile_ns(seen.gap_ns, 50))},
          {"gap_ms_p95", ms(percentile_ns(seen.gap_ns, 95))},
          {"gap_ms_p99", ms(percentile_ns(seen.gap_ns, 99))},
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
  const auto percentiles = [](const std::vector<int64_t>& values) {
    return fmt::format("{} / {}", format_duration(percentile_ns(values, 50)),
                       format_duration(percentile_ns(values, 95)));
  };
  add("threads of a process",
      [](const Outcome& o) { return fmt::to_string(o.setup.threads.value_or(thread_count(0))); });
  add("until all answer", [](const Outcome& o) { return format_duration(o.ready_ns); });
  add("memory when ready", [](const Outcome& o) { return format_bytes(o.pss_ready_bytes); });
  add("memory under load", [](const Outcome& o) { return format_bytes(o.peak.pss_bytes); });
  add("  of it private", [](const Outcome& o) { return format_bytes(o.peak.anonymous_bytes); });
  add("tokens/s together", [](const Outcome& o) { return format_count(o.together.tokens_per_s()); });
  add("tokens/s one by one", [](const Outcome& o) { return format_count(o.one_by_one.tokens_per_s()); });
  add("first token p50 / p95", [&](const Outcome& o) { return percentiles(o.together.seen.first_ns); });
  add("gap p50 / p95", [&](const Outcome& o) { return percentiles(o.together.seen.gap_ns); });
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
        ratio(one.together.tokens_per_s(), other.together.tokens_per_s()),
        ratio(one.switches_per_token, other.switches_per_token));
  }
}

}  // namespace

Result<void> bench_compare_command(const BenchCompareOptions& options) {
  const HeldSignals signals;
  int32_t vocab = 0;
  {
    QUIRE_TRY(const gguf::File file, gguf::File::open(options.model));
    QUIRE_TRY(const auto tokenizer, Tokenizer::create(file.metadata()));
    vocab = tokenizer->vocab_size();
  }
  const int32_t count = options.instances;
  const int32_t share = std::max(1, thread_count(0) / count);
  const std::vector<Setup> setups = {
      {.name = fmt::format("1 process, {} contexts", count), .processes = 1, .contexts = count, .threads = {}},
      {.name = fmt::format("{} processes", count), .processes = count, .contexts = 1, .threads = {}},
      {.name = fmt::format("{} processes, cores shared", count), .processes = count, .contexts = 1, .threads = share},
  };
  std::vector<Outcome> outcomes;
  for (const Setup& setup : setups) {
    QUIRE_TRY(Outcome outcome, Trial(options, setup, vocab, signals).run());
    if (options.json) {
      fmt::print("{}\n", json_of(outcome).dump());
      std::fflush(stdout);
    }
    outcomes.push_back(std::move(outcome));
  }
  if (!options.json) print_table(options, outcomes);
  return {};
}

}  // namespace quire::cli
