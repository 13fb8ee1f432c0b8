#include "cli/bench/stress_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "api/ollama/dialect.h"
#include "base/clock.h"
#include "cli/bench/process_facts.h"
#include "cli/bench/server_process.h"
#include "cli/bench/stress_plan.h"
#include "cli/bench/stress_watch.h"
#include "cli/terminal/human.h"
#include "cli/terminal/progress_line.h"
#include "cli/terminal/signals.h"
#include "cli/terminal/text_table.h"

namespace quire::cli {
namespace {

constexpr int64_t second_ns = 1'000'000'000;
constexpr int64_t hang_ns = 30 * second_ns;  // nothing moves for so long
constexpr int unanswered_max = 10;           // looks at /api/ps, of two seconds each
constexpr int64_t empty_timeout_ns = 5 * second_ns;
constexpr int64_t stop_timeout_ns = 15 * second_ns;
constexpr int request_timeout_ms = 120'000;
constexpr int64_t brief_total_ns = 60 * second_ns;
constexpr int64_t brief_stage_ns = 5 * second_ns;
constexpr int64_t long_stage_ns = 20 * second_ns;
constexpr int64_t end_ns = 12 * second_ns;  // kept for comparing, the end and its checks

constexpr int measured_turns = 3;

// Figures of the stages without faults, by name; a value a turn.
using FiguresOfStages = std::map<std::string, std::vector<load::Figures>>;

// The requests of all stages.
struct Totals {
  std::array<int64_t, load::outcome_count> outcomes{};
  int64_t requests = 0, tokens = 0, compared = 0;
  int64_t rounds = 0;

  void add(const load::Figures& figures) {
    for (size_t at = 0; at < outcomes.size(); ++at) outcomes[at] += figures.outcomes[at];
    requests += figures.requests;
    tokens += figures.tokens;
  }
  int64_t of(load::Outcome outcome) const { return outcomes[static_cast<size_t>(outcome)]; }
};

// One stress of one server. What is wrong is collected; after a crash or a hang nothing more is asked.
class Stress {
 public:
  Stress(const StressOptions& options, ServerProcess& server, StressWatch& watch, load::Target target,
         const HeldSignals& signals, int64_t until_ns)
      : options_(options),
        server_(server),
        watch_(watch),
        target_(std::move(target)),
        signals_(signals),
        until_ns_(until_ns) {}

  void run() {
    const int64_t stage_ns = options_.brief ? brief_stage_ns : long_stage_ns;
    // In turns, so that a machine that others use as well is slow for both.
    for (int turn = 0; turn < measured_turns; ++turn) {
      for (const StressStage& stage : measured_stages(options_.seed, stage_ns / 4)) {
        figures_[stage.name].push_back(run_stage(stage));
      }
    }
    compare();
    const auto time_for_one = [&] { return goes_on() && clock_.now_ns() + stage_ns + end_ns <= until_ns_; };
    while (time_for_one()) {
      ++totals_.rounds;
      for (const StressStage& stage :
           faulty_stages(options_.seed, stage_ns, figures_["together"].back().requests_per_s)) {
        if (!time_for_one()) break;
        StressStage mine = stage;
        mine.stage.first_conversation = next_conversation_;
        next_conversation_ += 1 << 20;  // other requests are dropped than in the round before
        run_stage(mine);
      }
      compare();
    }
    if (goes_on() && totals_.of(load::Outcome::refused) == 0) {
      wrong_.push_back("overload: the queue was never full; the stress did not reach the server's limits");
    }
    if (goes_on()) check_empty();
  }

  bool goes_on() const { return !dead_ && !signals_.pending(); }
  const Totals& totals() const { return totals_; }
  FiguresOfStages& figures() { return figures_; }
  std::vector<std::string>& wrong() { return wrong_; }
  size_t distinct() const { return book_.distinct(); }

 private:
  // The server is gone, or nothing moves any more.
  void give_up(std::string why) {
    dead_ = true;
    wrong_.push_back(std::move(why));
  }

  load::Figures run_stage(const StressStage& stage) {
    if (!goes_on()) return {};
    int64_t moved_ns = clock_.now_ns(), seen = -1;
    const auto keep_going = [&](const load::RunProgress& progress) {
      line_.show(fmt::format("{}: {:.0f} s left; {} running, {} ended, {} refused, memory {}", stage.name,
                             static_cast<double>(until_ns_ - clock_.now_ns()) / 1e9, progress.running, progress.ended,
                             progress.refused, human_bytes(resident_bytes(server_.pid()))));
      if (const int64_t now = progress.pieces + progress.ended; now != seen || progress.running == 0) {
        seen = now;
        moved_ns = clock_.now_ns();
      }
      check_alive(clock_.now_ns() - moved_ns, progress.running);
      return goes_on();
    };
    load::RunOptions run{.timeout_ms = request_timeout_ms, .slow_pause_ms = 50};
    run.book = &book_;
    load::StageReport report = load::report_of(
        target_, stage.workload, load::run_stage(target_, stage.workload, stage.stage, run, keep_going), {});
    line_.clear();
    totals_.add(report.all);
    if (!dead_) {
      if (report.all.errors() > 0) {
        wrong_.push_back(fmt::format("{}: {} of {} requests failed, such as: {}", stage.name, report.all.errors(),
                                     report.all.requests, first_error(report)));
      }
    }
    return report.all;
  }

  static std::string first_error(const load::StageReport& report) {
    for (const load::Sample& sample : report.samples) {
      if (sample.outcome > load::Outcome::refused && sample.outcome != load::Outcome::interrupted) {
        return fmt::format("{} ({})", sample.error, load::name(sample.outcome));
      }
    }
    return "?";
  }

  std::string crash_text(const std::string& how) const {
    return fmt::format("crash: the server {}; its last words: {}", how, server_.last_words());
  }

  void check_alive(int64_t still_ns, int64_t running) {
    if (dead_) return;
    if (const auto how = server_.ended()) {
      give_up(crash_text(*how));
    } else if (still_ns > hang_ns) {
      give_up(
          fmt::format("hang: no token and no end for {} s with {} requests running", still_ns / second_ns, running));
    } else if (watch_.unanswered() > unanswered_max) {
      give_up("hang: the server does not answer GET /api/ps any more");
    }
  }

  void compare() {
    if (!goes_on()) return;
    const int64_t noted = book_.noted();
    const auto keep_going = [&](size_t done, size_t all) {
      line_.show(fmt::format("comparing answers with the same requests alone: {} of {}", done, all));
      check_alive(0, 1);
      return goes_on();
    };
    const auto differences = book_.compare(target_, request_timeout_ms, keep_going);
    line_.clear();
    if (!goes_on()) return;
    if (!differences) {
      if (const auto how = server_.ended(second_ns)) return give_up(crash_text(*how));
      wrong_.push_back("a request sent alone: " + differences.error().message);
      return;
    }
    totals_.compared = noted;
    for (const load::Difference& difference : *differences) {
      wrong_.push_back(
          fmt::format("wrong bytes: an answer of {} bytes, hash {}, where the same request alone has {} bytes, "
                      "hash {}: {}",
                      difference.found.size(), load::text_hash(difference.found), difference.alone.size(),
                      load::text_hash(difference.alone), difference.call.body));
    }
  }

  // Clients that vanished leave nothing behind.
  void check_empty() {
    std::string left;
    for (const int64_t until_ns = clock_.now_ns() + empty_timeout_ns; clock_.now_ns() < until_ns;) {
      left.clear();
      for (const auto& [path, key] : {std::pair{"/api/queue", "requests"}, std::pair{"/api/contexts", "contexts"}}) {
        const auto reply = load::http_request(target_.endpoint, {.method = "GET", .target = path, .body = {}}, 2000);
        const auto body = reply ? nlohmann::json::parse(reply->body, nullptr, false) : nlohmann::json();
        if (!body.is_object() || !body.contains(key)) {
          left += fmt::format(" {} does not answer", path);
        } else if (!body[key].empty()) {
          left += fmt::format(" {} has {}", path, body[key].size());
        }
      }
      if (left.empty()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    wrong_.push_back("left behind at the end, with no request in progress:" + left);
  }

  const StressOptions& options_;
  ServerProcess& server_;
  StressWatch& watch_;
  const load::Target target_;
  const HeldSignals& signals_;
  const int64_t until_ns_;
  const SteadyClock clock_;
  ProgressLine line_;
  load::AnswerBook book_;
  Totals totals_;
  FiguresOfStages figures_;
  std::vector<std::string> wrong_;
  int64_t next_conversation_ = 0;
  bool dead_ = false;
};

void check_memory(const std::vector<WatchSample>& samples, std::vector<std::string>& wrong) {
  const MemoryTrend trend = memory_trend(samples);
  if (samples.empty()) return;
  const auto tight = std::ranges::count(samples, true, &WatchSample::tight);
  fmt::print("memory     {} in the first third, {} in the last (without KV in use)\n", human_bytes(trend.first_bytes),
             human_bytes(trend.last_bytes));
  fmt::print("pressure   memory was short in {} of {} looks; {} contexts parked, {} KV blocks evicted\n", tight,
             samples.size(), samples.back().preemptions, samples.back().evicted_blocks);
  if (!trend.flat()) {
    wrong.push_back(fmt::format("leak: the server's memory grew from {} to {}", human_bytes(trend.first_bytes),
                                human_bytes(trend.last_bytes)));
  }
}

Result<void> check_baseline(const StressOptions& options, FiguresOfStages& figures, std::vector<std::string>& wrong) {
  const std::vector<StressRatio> ratios = ratios_of(figures["alone"], figures["together"]);
  for (const StressRatio& ratio : ratios) fmt::print("ratio      {} {:.2f}\n", ratio.name, ratio.value);
  if (options.baseline.empty()) return {};
  std::ifstream file(options.baseline);
  if (!file) return fail(ErrorKind::not_found, fmt::format("cannot read {}", options.baseline));
  auto worse = worse_ratios(nlohmann::ordered_json::parse(file, nullptr, false), ratios);
  if (!worse) return fail(worse.error().kind, fmt::format("{}: {}", options.baseline, worse.error().message));
  wrong.insert(wrong.end(), worse->begin(), worse->end());
  return {};
}

void print_totals(const Totals& totals, size_t distinct, const FiguresOfStages& figures, double minutes) {
  using load::Outcome;
  fmt::print("stress     {:.1f} minutes, {} rounds of faults, {} requests, {} tokens\n", minutes, totals.rounds,
             totals.requests, totals.tokens);
  fmt::print("requests   {} answered, {} dropped by their client, {} refused, {} failed\n", totals.of(Outcome::whole),
             totals.of(Outcome::dropped), totals.of(Outcome::refused),
             totals.requests - totals.of(Outcome::whole) - totals.of(Outcome::dropped) - totals.of(Outcome::refused));
  fmt::print("answers    {} compared with the same {} requests alone\n", totals.compared, distinct);
  for (const auto& [name, turns] : figures) {
    for (const load::Figures& turn : turns) {
      fmt::print("measured   {}: {} tokens/s, first token p50 {}, whole answer p50 {}\n", name,
                 format_count(turn.tokens_per_s), format_duration(turn.first_ns.p50),
                 format_duration(turn.whole_ns.p50));
    }
  }
}

// The model is loaded, and the server knows how fast its steps are.
Result<load::Target> prepare(ServerProcess& server, const std::string& url) {
  auto target = load::find_target(url, "stress", &api::ollama::dialect, true);
  const Result<void> ready = target ? load::calibrate(*target, {}, request_timeout_ms) : Result<void>();
  if (target && ready) return target;
  if (const auto how = server.ended(second_ns)) {
    return fail(ErrorKind::internal, fmt::format("crash: the server {} before the stress began; its last words: {}",
                                                 *how, server.last_words()));
  }
  return std::unexpected(target ? ready.error() : target.error());
}

// A folder that goes when the stress ends.
class WorkFolder {
 public:
  explicit WorkFolder(bool keep)
      : path_(std::filesystem::temp_directory_path() / fmt::format("quire-stress-{}", ::getpid())), keep_(keep) {
    std::filesystem::create_directories(path_);
  }
  ~WorkFolder() {
    std::error_code ignored;
    if (!keep_) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path path_;
  const bool keep_;
};

}  // namespace

void add_stress_options(CLI::App& command, StressOptions& options) {
  command.add_option("--model", options.model, "The model")->type_name("FILE.gguf")->capture_default_str();
  command.add_option("--minutes", options.minutes, "How long")
      ->check(CLI::Range(1.0, 100'000.0))
      ->capture_default_str();
  command.add_flag("--short", options.brief, "60 seconds in all");
  command.add_option("--seed", options.seed, "The same seed asks the same")->capture_default_str();
  command.add_option("--baseline", options.baseline, "Ratios to stay within")->type_name("FILE.json");
  command.add_flag("--keep-log", options.keep_log, "Keep the server's log, and say where");
}

Result<int> run_stress(const StressOptions& options) {
  const SteadyClock clock;
  const int64_t begin_ns = clock.now_ns();
  const int64_t total_ns = options.brief ? brief_total_ns : static_cast<int64_t>(options.minutes * 60e9);
  HeldSignals signals;
  const WorkFolder folder(options.keep_log);
  const std::filesystem::path machine = folder.path() / "machine";
  write_machine(machine, StressWatch::ample_kv_bytes, 0);
  QUIRE_TRY(ServerProcess server,
            ServerProcess::start({.model = "stress=" + options.model,
                                  .environment = {{"QUIRE_MACHINE_ROOT", machine.string()},
                                                  {"QUIRE_MEMORY", std::to_string(StressWatch::ample_kv_bytes)},
                                                  {"QUIRE_TARGET_ITL_MS", "100"},  // all of them run together
                                                  {"QUIRE_NUM_PARALLEL", std::to_string(stress_parallel)},
                                                  {"QUIRE_MAX_QUEUE", std::to_string(stress_queue)}},
                                  .log_file = (folder.path() / "server.log").string()}));
  const std::string url = fmt::format("http://{}:{}", server.endpoint().host, server.endpoint().port);
  QUIRE_TRY(load::Target target, prepare(server, url));
  StressWatch watch(server.endpoint(), server.pid(), machine);
  Stress stress(options, server, watch, std::move(target), signals, begin_ns + total_ns);
  stress.run();
  watch.stop();
  const bool alive = stress.goes_on();
  const bool interrupted = signals.pending();
  std::vector<std::string> wrong = std::move(stress.wrong());
  print_totals(stress.totals(), stress.distinct(), stress.figures(),
               static_cast<double>(clock.now_ns() - begin_ns) / 60e9);
  if (alive) check_memory(watch.samples(), wrong);
  if (alive) QUIRE_TRY_VOID(check_baseline(options, stress.figures(), wrong));
  if (const auto stopped = server.stop(stop_timeout_ns); !stopped && !server.ended()) {
    wrong.push_back(stopped.error().message);
  } else if (!stopped && alive) {
    wrong.push_back("not a clean exit: " + stopped.error().message);
  } else if (stopped) {
    fmt::print("server     exited cleanly\n");
  }
  if (options.keep_log) fmt::print("log        {}\n", (folder.path() / "server.log").string());
  for (const std::string& sentence : wrong) fmt::print("FAIL       {}\n", sentence);
  if (interrupted) fmt::print("interrupted\n");
  fmt::print("{}\n", wrong.empty() && !interrupted ? "PASS" : "FAIL");
  return wrong.empty() && !interrupted ? 0 : 1;
}

}  // namespace quire::cli
