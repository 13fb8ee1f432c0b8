// Reports as JSON: for files, for programs, and as what the page draws.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "load/report.h"

namespace quire::load {

// {"version", "unix_s", "stages": [...]}: docs/bench_serve.md says what is in it. With `contexts`, each stage also has
// its first requests with their times, and tokens per second over time.
nlohmann::ordered_json json_of(const std::vector<StageReport>& reports, bool contexts);

}  // namespace quire::load
