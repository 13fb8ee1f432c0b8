// `quire bench stress`: a server under mixed load with faults, watched for wrong bytes, crashes, hangs and leaks.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace quire::cli {

struct StressOptions {
  std::string model = "models/quire-tiny.gguf";
  double minutes = 30;
  bool brief = false;  // 60 s in all
  uint64_t seed = 1;
  std::string baseline;  // ratios to keep within bounds; empty: none
  bool keep_log = false;
};

void add_stress_options(CLI::App& command, StressOptions& options);

// The value is the exit status: 0, or 1 with a line for each thing that is wrong.
Result<int> run_stress(const StressOptions& options);

}  // namespace quire::cli
