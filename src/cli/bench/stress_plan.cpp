#include "cli/bench/stress_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace quire::cli {
namespace {

using load::LoadKind;

// Few different conversations: each has to be asked alone once, however often it was asked in company.
constexpr int32_t distinct = 12;

load::WorkloadSpec plain(uint64_t seed) {
  load::WorkloadSpec spec{.seed = seed, .prompt_tokens = {40, 80}, .answer_tokens = {24, 48}};
  spec.distinct = distinct;
  return spec;
}

load::WorkloadSpec faulty(uint64_t seed) {
  load::WorkloadSpec spec = plain(seed);
  spec.prompt_tokens = {30, 120};
  spec.answer_tokens = {8, 64};
  spec.turns = {1, 2};
  spec.shared_tokens = 40;
  spec.shared_percent = 50;
  spec.cancel_percent = 15;
  spec.slow_percent = 5;
  spec.clients = {{.name = "urgent", .share = 1, .band = 1},
                  {.name = "usual", .share = 3, .band = 3},
                  {.name = "patient", .share = 2, .band = 6}};
  return spec;
}

}  // namespace

std::vector<StressStage> measured_stages(uint64_t seed, int64_t stage_ns) {
  return {
      {.name = "alone", .workload = plain(seed), .stage = {.parallel = 1, .duration_ns = stage_ns}},
      {.name = "together", .workload = plain(seed), .stage = {.parallel = stress_parallel, .duration_ns = stage_ns}}};
}

std::vector<StressStage> faulty_stages(uint64_t seed, int64_t stage_ns, double requests_per_s) {
  const double rate = std::clamp(0.8 * requests_per_s, 1.0, 200.0);
  const load::ArrivalSpec bursts{.rate = rate, .rate_end = rate, .shape = 0.3, .duration_ns = stage_ns};
  std::vector<StressStage> stages = {
      {.name = "mixed", .workload = faulty(seed), .stage = {.parallel = 2 * stress_parallel, .duration_ns = stage_ns}},
      {.name = "overload",
       .workload = faulty(seed),
       .stage = {.parallel = 2 * (stress_parallel + stress_queue), .duration_ns = stage_ns}},
      {.name = "bursts", .workload = faulty(seed), .stage = {.kind = LoadKind::open, .arrivals = bursts}}};
  return stages;
}

std::vector<StressRatio> ratios_of(const std::vector<load::Figures>& alone,
                                   const std::vector<load::Figures>& together) {
  const auto median_ratio = [&](auto figure) {
    std::vector<double> ratios;
    for (size_t turn = 0; turn < std::min(alone.size(), together.size()); ++turn) {
      const auto below = static_cast<double>(figure(alone[turn]));
      ratios.push_back(below > 0 ? static_cast<double>(figure(together[turn])) / below : 0);
    }
    std::ranges::sort(ratios);
    return ratios.empty() ? 0 : ratios[ratios.size() / 2];
  };
  return {{"tokens_per_second_of_8_over_1", median_ratio([](const load::Figures& f) { return f.tokens_per_s; })},
          {"answer_p50_of_8_over_1", median_ratio([](const load::Figures& f) { return f.whole_ns.p50; })},
          {"first_token_p50_of_8_over_1", median_ratio([](const load::Figures& f) { return f.first_ns.p50; })}};
}

Result<std::vector<std::string>> worse_ratios(const nlohmann::ordered_json& baseline,
                                              const std::vector<StressRatio>& ratios) {
  std::vector<std::string> worse;
  const auto kept = baseline.is_object() ? baseline.find("ratios") : baseline.end();
  if (!baseline.is_object() || kept == baseline.end() || !kept->is_object()) {
    return fail(ErrorKind::invalid, "expected an object with an object `ratios`");
  }
  for (const StressRatio& ratio : ratios) {
    const auto at = kept->find(ratio.name);
    if (at == kept->end()) continue;
    const auto number = [&](const char* key) {
      return at->is_object() && at->contains(key) && (*at)[key].is_number() ? (*at)[key].get<double>() : -1.0;
    };
    const double value = number("value"), at_least = number("at_least"), at_most = number("at_most");
    if (value < 0)
      return fail(ErrorKind::invalid, fmt::format("ratio {}: expected value, at_least, at_most", ratio.name));
    if ((at_least < 0 || ratio.value >= at_least) && (at_most < 0 || ratio.value <= at_most)) continue;
    worse.push_back(
        fmt::format("{} is {:.2f}; the baseline has {:.2f}, bounds {}", ratio.name, ratio.value, value,
                    at_least >= 0 ? fmt::format("at least {:g}", at_least) : fmt::format("at most {:g}", at_most)));
  }
  return worse;
}

}  // namespace quire::cli
