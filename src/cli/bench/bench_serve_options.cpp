#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <limits>

#include "cli/bench/bench_serve_command.h"
#include "trace/trace.h"

namespace quire::cli {
namespace {

constexpr const char* load_group = "Load";
constexpr const char* request_group = "Requests";
constexpr const char* judge_group = "Limits (exit status 1)";

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "64" or "16-256".
Result<load::Range> range_of(const char* option, std::string_view text) {
  const size_t dash = text.find('-');
  const auto low = number_of<int32_t>(text.substr(0, dash));
  const auto high = dash == std::string_view::npos ? low : number_of<int32_t>(text.substr(dash + 1));
  if (!low || !high) {
    return fail(ErrorKind::invalid, fmt::format("{}: expected a number or LOW-HIGH, found '{}'", option, text));
  }
  return load::Range{.low = *low, .high = *high};
}

// "4" or "2:8".
Result<load::ArrivalSpec> arrivals_of(std::string_view text) {
  const size_t colon = text.find(':');
  const auto from = number_of<double>(text.substr(0, colon));
  const auto to = colon == std::string_view::npos ? from : number_of<double>(text.substr(colon + 1));
  if (!from || !to || !std::isfinite(*from) || !std::isfinite(*to)) {
    return fail(ErrorKind::invalid,
                fmt::format("--rate: expected requests a second such as 4, or a ramp such as 2:8, found '{}'", text));
  }
  return load::ArrivalSpec{.rate = *from, .rate_end = *to};
}

// "NAME[:SHARE[:BAND]]".
Result<load::ClientClass> client_of(std::string_view text) {
  load::ClientClass client;
  const size_t first = text.find(':');
  client.name = text.substr(0, first);
  std::optional<int32_t> share = 1, band = -1;
  if (first != std::string_view::npos) {
    const std::string_view rest = text.substr(first + 1);
    const size_t second = rest.find(':');
    share = number_of<int32_t>(rest.substr(0, second));
    if (second != std::string_view::npos) band = number_of<int32_t>(rest.substr(second + 1));
  }
  if (!share || !band) {
    return fail(ErrorKind::invalid, fmt::format("--client: expected NAME[:SHARE[:BAND]], found '{}'", text));
  }
  client.share = *share;
  client.band = *band;
  return client;
}

Result<load::Replay> read_replay(const BenchServeOptions& options, const load::WorkloadSpec& workload) {
  QUIRE_TRY(const std::string text, trace::read_trace_text(options.trace_file));
  auto trace = trace::parse_trace(text);
  if (!trace) return fail(trace.error().kind, fmt::format("{}: {}", options.trace_file, trace.error().message));
  load::TraceSpec scale = options.trace;
  scale.requests_max = options.requests;
  return load::replay_of(*trace, scale, workload);
}

void add_load_options(CLI::App& command, BenchServeOptions& options) {
  CLI::Option* parallel =
      command.add_option("--parallel", options.parallel, "Closed loops of so many contexts (1,2,4,8,16,32)")
          ->delimiter(',')
          ->check(CLI::Range(1, 4096));
  CLI::Option* rate =
      command.add_option("--rate", options.rates, "Requests a second, whatever is answered; A:B is a ramp")
          ->delimiter(',')
          ->type_name("RATE|A:B")
          ->excludes(parallel);
  command
      .add_option("--burstiness", options.burstiness,
                  "Shape of the gaps' gamma distribution: 1 Poisson, less is bursts, more is even")
      ->needs(rate)
      ->capture_default_str();
  CLI::Option* trace =
      command.add_option("--trace", options.trace_file, "Recorded requests (Azure's or Mooncake's format)")
          ->type_name("FILE")
          ->excludes(parallel)
          ->excludes(rate);
  command.add_option("--time-scale", options.trace.time_scale, "The trace's times are multiplied by it")->needs(trace);
  command.add_option("--token-scale", options.trace.token_scale, "The trace's lengths are divided by it")->needs(trace);
  command
      .add_option("--duration", options.duration_s, "Seconds of a load (10, but of --parallel with --requests no end)")
      ->check(CLI::Range(0.1, 86'400.0));
  command.add_option("--requests", options.requests, "At most so many requests a load")->check(CLI::PositiveNumber);
  command.add_option("--max-in-flight", options.in_flight_max, "Requests at once of --rate and --trace; others wait")
      ->check(CLI::Range(1, 30'000))
      ->capture_default_str();
  command.add_option("--timeout", options.timeout_s, "Seconds of a request")
      ->check(CLI::Range(0.1, 86'400.0))
      ->capture_default_str();
  for (const char* name : {"--parallel", "--rate", "--burstiness", "--trace", "--time-scale", "--token-scale",
                           "--duration", "--requests", "--max-in-flight", "--timeout"}) {
    command.get_option(name)->group(load_group);
  }
}

void add_request_options(CLI::App& command, BenchServeOptions& options) {
  const auto add = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text)->group(request_group);
  };
  load::WorkloadSpec& workload = options.workload;
  add("--prompt-tokens", options.prompt_tokens, "That a turn adds: N or LOW-HIGH")->capture_default_str();
  add("--answer-tokens", options.answer_tokens, "Of an answer: N or LOW-HIGH")->capture_default_str();
  add("--turns", options.turns, "Of a conversation, each sends all before it: N or LOW-HIGH")->capture_default_str();
  add("--think-ms", options.think_ms, "From an answer to the next turn")->check(CLI::Range(0.0, 1e8));
  add("--shared-prefix", workload.shared_tokens, "Tokens that prompts begin with in common");
  add("--shared-percent", workload.shared_percent, "Of the prompts do (100)");
  add("--cancel", workload.cancel_percent, "Per cent of the requests that are dropped in the middle");
  add("--slow", workload.slow_percent, "Per cent of the requests that are read slowly");
  add("--distinct", workload.distinct, "Different conversations, asked again and again (all differ)");
  add("--client", options.clients, "Who asks: a share of the requests, in a band; may be repeated")
      ->type_name("NAME[:SHARE[:BAND]]")
      ->allow_extra_args(false);
  add("--seed", workload.seed, "The same seed asks the same")->capture_default_str();
  add("--temperature", workload.temperature, "Of the sampling; each request has a fixed seed (0)")
      ->check(CLI::Range(0.0, 100.0));
  command.add_flag("--stop-at-eos", options.stop_at_eos, "Answers may end before their length")->group(request_group);
  command.add_flag("--completion", options.completion, "The prompt's text alone, without the model's template")
      ->group(request_group);
}

void add_judge_options(CLI::App& command, BenchServeOptions& options) {
  const auto add = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text)->group(judge_group);
  };
  load::Thresholds& most = options.thresholds;
  add("--max-ttft-p99-ms", most.first_p99_ms_max, "First token");
  add("--max-gap-p99-ms", most.gap_p99_ms_max, "Between two tokens");
  add("--max-e2e-p99-ms", most.whole_p99_ms_max, "Whole answer");
  add("--max-wait-p99-ms", most.wait_p99_ms_max, "Until the server begins");
  add("--min-tokens-per-second", most.tokens_per_s_min, "Of all answers together");
  add("--min-goodput", options.goodput_min_percent, "Per cent of the requests that are good")
      ->check(CLI::Range(0, 100));
  CLI::Option* baseline =
      add("--baseline", options.baseline_file, "A former run's --output to compare with")->type_name("FILE");
  add("--max-regression", options.regression_max_percent, "Per cent that a figure may be worse than there (10)")
      ->needs(baseline)
      ->check(CLI::Range(0.0, 1e6));
  command.add_flag("--verify", options.verify, "Compare every answer with the same request sent alone")
      ->group(judge_group);
}

}  // namespace

void add_bench_serve_options(CLI::App& command, BenchServeOptions& options) {
  command.add_option("--url", options.urls, "A server (QUIRE_HOST); may be repeated")
      ->type_name("URL")
      ->allow_extra_args(false);
  command.add_option("--model", options.model, "The model")->type_name("NAME")->required();
  command.add_option("--api", options.api, "auto, ollama, openai, responses or anthropic")
      ->check(CLI::IsMember({"auto", "ollama", "openai", "responses", "anthropic"}))
      ->capture_default_str();
  add_load_options(command, options);
  add_request_options(command, options);
  command.add_option("--slo-ttft-ms", options.limits.first_ms, "A good request has its first token by then");
  command.add_option("--slo-gap-ms", options.limits.gap_ms, "... and a token in so much time on average");
  add_judge_options(command, options);
  command.add_option("--format", options.format, "table or json (table)")
      ->option_text("FORMAT")
      ->transform(CLI::Transformer(std::map<std::string, BenchServeFormat>{{"table", BenchServeFormat::table},
                                                                           {"json", BenchServeFormat::json}}));
  command.add_option("--output", options.output_file, "Also write the JSON there")->type_name("FILE.json");
  command.add_option("--html", options.html_file, "Also write a page with the curves")->type_name("FILE.html");
  command.footer("Times count from when a request was due. docs/bench_serve.md is the guide.");
}

Result<LoadPlan> plan_of(const BenchServeOptions& options) {
  LoadPlan plan{.workload = options.workload};
  load::WorkloadSpec& workload = plan.workload;
  QUIRE_TRY(workload.prompt_tokens, range_of("--prompt-tokens", options.prompt_tokens));
  QUIRE_TRY(workload.answer_tokens, range_of("--answer-tokens", options.answer_tokens));
  QUIRE_TRY(workload.turns, range_of("--turns", options.turns));
  workload.think_ns = std::llround(options.think_ms * 1e6);
  workload.ignore_eos = !options.stop_at_eos;
  for (const std::string& text : options.clients) {
    QUIRE_TRY(load::ClientClass client, client_of(text));
    workload.clients.push_back(std::move(client));
  }
  QUIRE_TRY_VOID(load::check(workload));
  const int64_t duration_ns = std::llround(options.duration_s.value_or(10) * 1e9);
  if (!options.trace_file.empty()) {
    QUIRE_TRY(plan.replay, read_replay(options, workload));
    plan.stages.push_back({.kind = load::LoadKind::replay});
    return plan;
  }
  for (const std::string& text : options.rates) {
    QUIRE_TRY(load::ArrivalSpec arrivals, arrivals_of(text));
    arrivals.shape = options.burstiness;
    arrivals.duration_ns = duration_ns;
    QUIRE_TRY_VOID(load::check(arrivals));
    plan.stages.push_back({.kind = load::LoadKind::open, .arrivals = arrivals, .requests_max = options.requests});
  }
  if (options.rates.empty()) {
    const std::vector<int32_t> usual = {1, 2, 4, 8, 16, 32};
    for (const int32_t parallel : options.parallel.empty() ? usual : options.parallel) {
      plan.stages.push_back({.kind = load::LoadKind::closed,
                             .parallel = parallel,
                             .duration_ns = options.requests > 0 && !options.duration_s ? 0 : duration_ns,
                             .requests_max = options.requests});
    }
  }
  // A stage's conversations begin where no other stage's are, so that none is served from another's cache.
  for (size_t index = 0; index < plan.stages.size(); ++index) {
    plan.stages[index].first_conversation = static_cast<int64_t>(index) << 32U;
  }
  return plan;
}

}  // namespace quire::cli
