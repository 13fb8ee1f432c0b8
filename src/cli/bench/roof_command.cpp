#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "backend/cpu/roof.h"
#include "cli/commands/commands.h"
#include "cli/model_file.h"
#include "cli/terminal/text_table.h"

namespace quire::cli {
namespace {

struct Roof {
  std::string name;
  const char* unit;
  std::vector<double> rates;  // by team
};

// Of each team in turn.
Result<std::vector<Roof>> measure_roofs(std::span<const std::unique_ptr<Team>> teams) {
  std::vector<Roof> roofs = {{.name = "read", .unit = "GB/s"}};
  for (const auto& team : teams) {
    QUIRE_TRY(const double bytes_per_second, measure_read_rate(*team));
    roofs[0].rates.push_back(bytes_per_second * 1e-9);
  }
  for (const PeakLoop& loop : supported_peak_loops()) {
    Roof& roof = roofs.emplace_back(Roof{.name = fmt::format("{} {}", loop.table, loop.operands), .unit = "GMAC/s"});
    for (const auto& team : teams) roof.rates.push_back(measure_peak_rate(*team, loop) * 1e-9);
  }
  return roofs;
}

}  // namespace

Result<void> bench_roof_command(const BenchRoofOptions& options) {
  std::vector<std::unique_ptr<Team>> teams;
  teams.push_back(std::make_unique<Team>(1));
  const int workers = thread_count(options.threads);
  if (workers > 1) teams.push_back(std::make_unique<Team>(workers));
  QUIRE_TRY(const std::vector<Roof> roofs, measure_roofs(teams));

  std::vector<std::string> heading = {"roof", "unit"};
  for (const auto& team : teams) heading.push_back(fmt::format("threads {}", team->worker_count()));
  TextTable table(heading);
  for (const Roof& roof : roofs) {
    std::vector<std::string> row = {roof.name, roof.unit};
    for (size_t i = 0; i < teams.size(); ++i) {
      row.push_back(format_count(roof.rates[i]));
      if (options.format == OutputFormat::table) continue;
      const nlohmann::ordered_json line = {
          {"roof", roof.name}, {"unit", roof.unit}, {"threads", teams[i]->worker_count()}, {"rate", roof.rates[i]}};
      fmt::print("{}\n", line.dump());
    }
    table.add(row);
  }
  if (options.format == OutputFormat::table) fmt::print("{}", table.text());
  return {};
}

}  // namespace quire::cli
