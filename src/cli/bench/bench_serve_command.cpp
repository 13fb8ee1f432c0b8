#include "cli/bench/bench_serve_command.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "api/json_text.h"
#include "cli/client.h"
#include "cli/input_text.h"
#include "cli/output_file.h"
#include "cli/terminal/progress_line.h"
#include "cli/terminal/signals.h"
#include "load/report_html.h"
#include "load/report_json.h"

namespace quire::cli {
namespace {

using load::StageReport;
using load::Target;
using Json = nlohmann::ordered_json;

constexpr int interrupted_status = 130;
constexpr size_t differences_shown = 3;

// A connection is a file: as many as the system lets this process have.
void allow_many_connections() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &files);
}

Result<std::vector<Target>> find_targets(const BenchServeOptions& options, const load::WorkloadSpec& workload,
                                         ProgressLine& line) {
  std::vector<std::string> urls = options.urls;
  if (urls.empty()) {
    QUIRE_TRY(std::string url, client_url());
    urls.push_back(std::move(url));
  }
  std::vector<Target> targets;
  for (const std::string& url : urls) {
    line.show(fmt::format("{}: loading {}", url, options.model));
    QUIRE_TRY(Target target,
              load::find_target(url, options.model, api::find_dialect(options.api), !options.completion));
    QUIRE_TRY_VOID(load::calibrate(target, workload, static_cast<int>(std::lround(options.timeout_s * 1e3))));
    targets.push_back(std::move(target));
  }
  return targets;
}

Result<Json> read_baseline(const std::string& path) {
  auto text = read_input(path);
  if (!text) return fail(text.error().kind, fmt::format("{}; --output makes it", text.error().message));
  Json json = Json::parse(*text, nullptr, false);
  if (json.is_discarded()) return fail(ErrorKind::invalid, fmt::format("{}: not JSON", path));
  return json;
}

Result<void> write_text(const std::string& path, const std::string& text) {
  return write_output_file(path, std::as_bytes(std::span(text)));
}

std::string progress_text(const StageReport& names, const load::RunProgress& progress, double pieces_per_s) {
  std::string text =
      fmt::format("{}, {}: {:.0f} s, {} running, {} ended, {:.0f} tokens/s", names.server, names.load,
                  static_cast<double>(progress.elapsed_ns) / 1e9, progress.running, progress.ended, pieces_per_s);
  if (progress.refused > 0) text += fmt::format(", {} refused", progress.refused);
  if (progress.failed > 0) text += fmt::format(", {} failed", progress.failed);
  return text;
}

// Runs the plan against the targets; the same book a target for all of its stages.
class Bench {
 public:
  Bench(const BenchServeOptions& options, const LoadPlan& plan, const std::vector<Target>& targets,
        const HeldSignals& signals, ProgressLine& line)
      : options_(options), plan_(plan), targets_(targets), signals_(signals), line_(line), books_(targets.size()) {}

  void run() {
    for (const load::Stage& stage : plan_.stages) {
      for (size_t index = 0; index < targets_.size() && !signals_.pending(); ++index) run_stage(stage, index);
    }
  }

  // Sentences about answers that differ. An error: they could not be compared.
  Result<std::vector<std::string>> verify() {
    std::vector<std::string> wrong;
    for (size_t index = 0; index < targets_.size(); ++index) {
      const auto keep_going = [&](size_t done, size_t all) {
        line_.show(
            fmt::format("{}: comparing with the same requests alone, {} of {}", targets_[index].name, done, all));
        return !signals_.pending();
      };
      const int64_t noted = books_[index].noted();
      QUIRE_TRY(const auto differences, books_[index].compare(targets_[index], timeout_ms(), keep_going));
      line_.clear();
      fmt::print(stderr, "{}: {} answers compared with the same {} requests alone, {} differ\n", targets_[index].name,
                 noted, books_[index].distinct(), differences.size());
      for (size_t which = 0; which < differences.size(); ++which) {
        if (which == differences_shown) {
          wrong.push_back(fmt::format("{}: and {} more differ", targets_[index].name, differences.size() - which));
          break;
        }
        wrong.push_back(text_of(targets_[index], differences[which]));
      }
    }
    return wrong;
  }

  std::vector<StageReport> reports;

 private:
  int timeout_ms() const { return static_cast<int>(std::lround(options_.timeout_s * 1e3)); }

  void run_stage(const load::Stage& planned, size_t index) {
    const Target& target = targets_[index];
    load::Stage stage = planned;
    if (stage.kind == load::LoadKind::replay) stage.replay = &*plan_.replay;
    load::RunOptions run{.timeout_ms = timeout_ms(), .running_max = options_.in_flight_max};
    if (options_.verify) run.book = &books_[index];
    const StageReport names{.server = target.name, .load = stage.label()};
    load::RunProgress before;
    const auto keep_going = [&](const load::RunProgress& progress) {
      if (progress.elapsed_ns - before.elapsed_ns >= 500'000'000) {
        const double rate = static_cast<double>(progress.pieces - before.pieces) * 1e9 /
                            static_cast<double>(progress.elapsed_ns - before.elapsed_ns);
        line_.show(progress_text(names, progress, rate));
        before = progress;
      }
      return !signals_.pending();
    };
    reports.push_back(load::report_of(
        target, plan_.workload, load::run_stage(target, plan_.workload, stage, run, keep_going), options_.limits));
    line_.clear();
  }

  static std::string text_of(const Target& target, const load::Difference& difference) {
    return fmt::format(
        "{}: {} answer(s) differ from the same request alone: {} bytes, hash {}; alone {} bytes, hash {}{}\n"
        "  request: POST {} {}",
        target.name, difference.times, difference.found.size(), load::text_hash(difference.found),
        difference.alone.size(), load::text_hash(difference.alone),
        difference.whole ? "" : " (dropped in the middle: its beginning differs)", difference.call.target,
        difference.call.body);
  }

  const BenchServeOptions& options_;
  const LoadPlan& plan_;
  const std::vector<Target>& targets_;
  const HeldSignals& signals_;
  ProgressLine& line_;
  std::vector<load::AnswerBook> books_;
};

// Everything that makes the exit status 1, a sentence each.
Result<std::vector<std::string>> judge(const BenchServeOptions& options, const std::vector<StageReport>& reports,
                                       const std::optional<Json>& baseline) {
  load::Thresholds thresholds = options.thresholds;
  if (options.goodput_min_percent) thresholds.good_share_min = *options.goodput_min_percent / 100;
  std::vector<std::string> broken = load::broken_limits(thresholds, reports);
  for (const StageReport& report : reports) {
    if (report.all.errors() > 0) {
      broken.push_back(fmt::format("{}, {}: {} of {} requests failed", report.server, report.load, report.all.errors(),
                                   report.all.requests));
    }
  }
  if (!baseline) return broken;
  auto worse = load::regressions(*baseline, load::json_of(reports, false), options.regression_max_percent);
  if (!worse) return fail(worse.error().kind, fmt::format("{}: {}", options.baseline_file, worse.error().message));
  broken.insert(broken.end(), worse->begin(), worse->end());
  return broken;
}

Result<void> write_reports(const BenchServeOptions& options, const std::vector<StageReport>& reports) {
  if (options.format == BenchServeFormat::json) {
    fmt::print("{}\n", api::to_text(load::json_of(reports, false)));
  } else {
    fmt::print("{}", report_tables(reports));
  }
  if (!options.output_file.empty()) {
    QUIRE_TRY_VOID(write_text(options.output_file, load::json_of(reports, false).dump(1) + "\n"));
  }
  if (!options.html_file.empty()) {
    const std::string title = fmt::format("quire bench serve: {}", options.model);
    QUIRE_TRY_VOID(write_text(options.html_file, load::html_of(load::json_of(reports, true), title)));
  }
  return {};
}

}  // namespace

Result<int> run_bench_serve(const BenchServeOptions& options) {
  QUIRE_TRY(const LoadPlan plan, plan_of(options));
  std::optional<Json> baseline;
  if (!options.baseline_file.empty()) {
    QUIRE_TRY(baseline, read_baseline(options.baseline_file));
  }
  allow_many_connections();
  HeldSignals signals;
  ProgressLine line;
  QUIRE_TRY(const std::vector<Target> targets, find_targets(options, plan.workload, line));
  line.clear();
  Bench bench(options, plan, targets, signals, line);
  bench.run();
  QUIRE_TRY_VOID(write_reports(options, bench.reports));
  if (signals.pending()) {
    fmt::print(stderr, "interrupted: the figures are those until then\n");
    return interrupted_status;
  }
  QUIRE_TRY(std::vector<std::string> broken, judge(options, bench.reports, baseline));
  if (options.verify) {
    QUIRE_TRY(const std::vector<std::string> wrong, bench.verify());
    broken.insert(broken.end(), wrong.begin(), wrong.end());
  }
  std::fflush(stdout);
  for (const std::string& sentence : broken) fmt::print(stderr, "FAIL {}\n", sentence);
  return broken.empty() ? 0 : 1;
}

}  // namespace quire::cli
