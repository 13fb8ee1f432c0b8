// `quire bench serve`: loads for running servers, measured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/judgement.h"
#include "load/run.h"

namespace CLI {
class App;
}

namespace quire::cli {

enum class BenchServeFormat : uint8_t { table, json };

struct BenchServeOptions {
  std::vector<std::string> urls;  // empty: where `quire` looks for its server
  std::string model;
  std::string api = "auto";  // auto, or a dialect
  bool completion = false;   // without the model's template

  // What is asked how often: at most one of the three; none: closed loops of 1 to 32.
  std::vector<int32_t> parallel;
  std::vector<std::string> rates;  // "4", "2:8"
  std::string trace_file;
  double burstiness = 1;
  std::optional<double> duration_s;  // none: 10, and of closed loops with a number of requests no end
  int64_t requests = 0;
  load::TraceSpec trace;

  std::string prompt_tokens = "128", answer_tokens = "64", turns = "1";  // N or LOW-HIGH
  double think_ms = 0;
  std::vector<std::string> clients;  // NAME[:SHARE[:BAND]]
  bool stop_at_eos = false;
  load::WorkloadSpec workload;  // what is set as it is: seed, shares, temperature

  double timeout_s = 600;
  int32_t in_flight_max = 1000;
  load::ServiceLimits limits;
  load::Thresholds thresholds;
  std::optional<double> goodput_min_percent;
  std::string baseline_file;
  double regression_max_percent = 10;
  bool verify = false;
  BenchServeFormat format = BenchServeFormat::table;
  std::string output_file, html_file;
};

void add_bench_serve_options(CLI::App& command, BenchServeOptions& options);

// The value is the exit status: 0; 1 when a limit was broken, an answer was wrong or an error happened; 130 when it was
// interrupted.
Result<int> run_bench_serve(const BenchServeOptions& options);

// What the options say, checked: one stage for each load that was asked for.
struct LoadPlan {
  load::WorkloadSpec workload;
  std::optional<load::Replay> replay;
  std::vector<load::Stage> stages;  // those of a trace point at the plan's replay only once it has its place
};
Result<LoadPlan> plan_of(const BenchServeOptions& options);

// The reports as tables for people.
std::string report_tables(const std::vector<load::StageReport>& reports);

}  // namespace quire::cli
