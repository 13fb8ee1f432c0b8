// What a stress asks of a server: stages in a fixed order, for as long as there is time.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/report.h"
#include "load/run.h"

namespace quire::cli {

// The server's own limits during the stress, which the loads go beyond.
constexpr int32_t stress_parallel = 8;
constexpr int32_t stress_queue = 16;

struct StressStage {
  std::string name;  // "alone", "together", "mixed", "overload", "bursts"
  load::WorkloadSpec workload;
  load::Stage stage;
};

// Measured first, without faults: one context, then eight.
std::vector<StressStage> measured_stages(uint64_t seed, int64_t stage_ns);
// One round of faults; `requests_per_s` is what eight contexts were served.
std::vector<StressStage> faulty_stages(uint64_t seed, int64_t stage_ns, double requests_per_s);

// A figure that depends little on the machine: kept in the baseline with how far it may be off.
struct StressRatio {
  std::string name;
  double value = 0;
};
// Each the median over the turns, of which a turn of both kinds gives one. REQUIRES: as many of both.
std::vector<StressRatio> ratios_of(const std::vector<load::Figures>& alone, const std::vector<load::Figures>& together);

// A sentence for each ratio that is worse than the baseline's by more than the factor given there. An error: the
// baseline is not one.
Result<std::vector<std::string>> worse_ratios(const nlohmann::ordered_json& baseline,
                                              const std::vector<StressRatio>& ratios);

}  // namespace quire::cli
