#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "backend/cpu/roof.h"
#include "base/clock.h"
#include "cli/bench/gpu_roof.h"
#include "cli/commands/commands.h"
#include "cli/machine.h"
#include "cli/model_file.h"
#include "cli/terminal/text_table.h"
#include "server/settings.h"

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

Result<void> print_host_roofs(const BenchRoofOptions& options) {
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

// What is measured of a GPU, and what it takes to begin: drivers compile the kernels when they first see them.
struct OpenGpu {
  std::shared_ptr<const Gpu> gpu;
  double open_seconds = 0;
  GpuMemory memory;
  GpuRoof roof;
};

Result<OpenGpu> open_and_measure(Gpus& gpus, size_t index) {
  const SteadyClock clock;
  const int64_t begin_ns = clock.now_ns();
  OpenGpu open;
  QUIRE_TRY(open.gpu, gpus.open(index));
  open.open_seconds = static_cast<double>(clock.now_ns() - begin_ns) * 1e-9;
  QUIRE_TRY(open.memory, open.gpu->memory());
  QUIRE_TRY(open.roof, measure_gpu_roof(*open.gpu));
  return open;
}

void print_lines(const OpenGpu& open) {
  const GpuFacts& facts = open.gpu->facts();
  const nlohmann::ordered_json about = {{"device", facts.name},
                                        {"description", open.gpu->description()},
                                        {"multiprocessors", facts.multiprocessors},
                                        {"free_bytes", open.memory.free_bytes},
                                        {"total_bytes", open.memory.total_bytes},
                                        {"open_s", open.open_seconds}};
  fmt::print("{}\n", about.dump());
  const auto print = [&](const char* roof, const char* unit, double rate) {
    const nlohmann::ordered_json line = {
        {"roof", roof}, {"unit", unit}, {"device", facts.name}, {"array_bytes", open.roof.array_bytes}, {"rate", rate}};
    fmt::print("{}\n", line.dump());
  };
  print("add", "GB/s", open.roof.add_bytes_per_second * 1e-9);
  print("fill", "GB/s", open.roof.fill_bytes_per_second * 1e-9);
  print("launch", "us", open.roof.launch_seconds * 1e6);
}

Result<void> print_gpu_roofs(const BenchRoofOptions& options) {
  QUIRE_TRY(const server::Settings settings, server::read_settings([](const char* name) { return std::getenv(name); }));
  QUIRE_TRY(const Machine::Options machine, machine_options(settings));
  QUIRE_TRY(const std::unique_ptr<Gpus> gpus, Gpus::find(machine.gpus));
  TextTable table({"GPU", "add GB/s", "fill GB/s", "launch us", "opening s"});
  size_t measured = 0;
  std::string why = "none is found";
  for (size_t index = 0; index < gpus->count(); ++index) {
    const Result<OpenGpu> open = open_and_measure(*gpus, index);
    if (!open) {
      why = open.error().message;
      fmt::print(stderr, "GPU {} cannot be used: {}\n", index, why);
      continue;
    }
    ++measured;
    if (options.format == OutputFormat::jsonl) print_lines(*open);
    table.add({open->gpu->description(), format_count(open->roof.add_bytes_per_second * 1e-9),
               format_count(open->roof.fill_bytes_per_second * 1e-9), format_count(open->roof.launch_seconds * 1e6),
               fmt::format("{:.2f}", open->open_seconds)});
  }
  if (measured == 0 && options.gpus_alone) return fail(ErrorKind::device, fmt::format("no GPU here: {}", why));
  if (measured > 0 && options.format == OutputFormat::table) fmt::print("{}", table.text());
  return {};
}

}  // namespace

Result<void> bench_roof_command(const BenchRoofOptions& options) {
  if (!options.gpus_alone) QUIRE_TRY_VOID(print_host_roofs(options));
  return print_gpu_roofs(options);
}

}  // namespace quire::cli
