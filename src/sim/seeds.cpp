#include "sim/seeds.h"

#include <fmt/format.h>

#include "sim/abort_note.h"

namespace quire::sim {

SeedsReport run_seeds(uint64_t first, uint64_t count, const Tokenizer& tokenizer, const Simulation::Trace& trace) {
  SeedsReport all;
  AbortNote note;
  for (uint64_t seed = first; seed - first < count; ++seed) {
    note.running(seed);
    const World world = make_world(seed);
    const SimulationReport report = Simulation(world, tokenizer, trace).run();
    ++all.seeds;
    all.coverage.add(report.occurrences);
    all.steps += report.steps;
    all.rows_computed += report.rows_computed;
    if (report.failures.empty()) continue;
    for (const std::string& failure : report.failures)
      all.failures.push_back(fmt::format("seed {}: {}", seed, failure));
    all.failures.push_back(fmt::format("replay: quire simulate --seed {} --trace", seed));
    break;
  }
  return all;
}

}  // namespace quire::sim
