// Whether a run was good enough: limits that were given, and a former run's figures.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/report.h"

namespace quire::load {

struct Thresholds {
  std::optional<double> first_p99_ms_max;
  std::optional<double> gap_p99_ms_max;
  std::optional<double> whole_p99_ms_max;
  std::optional<double> wait_p99_ms_max;
  std::optional<double> tokens_per_s_min;
  std::optional<double> good_share_min;  // 0 to 1
};

// A sentence for each limit that a stage broke. A figure that a stage does not have breaks every limit on it.
std::vector<std::string> broken_limits(const Thresholds& thresholds, const std::vector<StageReport>& reports);

// A sentence for each figure that is more than `percent` worse than in the former run's stage of the same load and
// place among the servers: tokens and requests a second, first token and gap (p50 and p99). An error: not a report of
// `quire bench serve`, or no stage of it is in this run.
Result<std::vector<std::string>> regressions(const nlohmann::ordered_json& baseline,
                                             const nlohmann::ordered_json& report, double percent);

}  // namespace quire::load
