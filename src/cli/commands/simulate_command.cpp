#include "cli/commands/simulate_command.h"

#include <fmt/format.h>

#include <functional>
#include <string>

#include "sim/seat_simulation.h"
#include "sim/seeds.h"
#include "sim/vocabulary.h"

namespace quire::cli {

namespace {

int simulate_seats(const SimulateOptions& options, const std::function<void(const std::string&)>& trace) {
  const sim::SeatSeedsReport report = sim::run_seat_seeds(options.seed, options.seeds, trace);
  for (const std::string& failure : report.failures) fmt::print("{}\n", failure);
  if (options.seeds > 1) {
    fmt::print("{:>10}  seeds with\n", "");
    for (size_t index = 0; index < sim::seat_occurrence_count; ++index) {
      fmt::print("{:>10}  {}\n", report.seeds_with[index], sim::name(static_cast<sim::SeatOccurrence>(index)));
    }
  }
  fmt::print("{} seeds, {} events: {}\n", report.seeds, report.events,
             report.failures.empty() ? "every promise held" : "FAILED");
  return report.failures.empty() ? 0 : 1;
}

}  // namespace

Result<int> run_simulate(const SimulateOptions& options) {
  if (!options.trace_options.file.empty()) {
    SimulateTraceOptions trace_options = options.trace_options;
    trace_options.seed = options.seed;
    return run_simulate_trace(trace_options);
  }
  std::function<void(const std::string&)> trace;
  if (options.trace) trace = [](const std::string& line) { fmt::print("{}\n", line); };
  if (options.seats) return simulate_seats(options, trace);
  QUIRE_TRY(const auto tokenizer, sim::make_tokenizer());
  const sim::SeedsReport report = sim::run_seeds(options.seed, options.seeds, *tokenizer, trace);
  for (const std::string& failure : report.failures) fmt::print("{}\n", failure);
  if (options.seeds > 1) {
    fmt::print("{:>10}  seeds with\n", "");
    for (size_t index = 0; index < sim::occurrence_count; ++index) {
      const auto occurrence = static_cast<sim::Occurrence>(index);
      fmt::print("{:>10}  {}\n", report.coverage.seeds(occurrence), sim::name(occurrence));
    }
  }
  fmt::print("{} seeds, {} steps, {} rows: {}\n", report.seeds, report.steps, report.rows_computed,
             report.failures.empty() ? "every promise held" : "FAILED");
  return report.failures.empty() ? 0 : 1;
}

}  // namespace quire::cli
