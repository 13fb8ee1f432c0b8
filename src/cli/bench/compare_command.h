// `quire bench compare`: one server process with N contexts beside N server processes with one context each.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cli/commands/commands.h"

namespace quire::cli {

struct BenchCompareOptions {
  std::string model;
  int32_t instances = 4;
  int32_t requests = 3;  // of each client, one after another
  int32_t prompt = 128;  // tokens
  int32_t generate = 64;
  OutputFormat format = OutputFormat::table;
};
Result<void> bench_compare_command(const BenchCompareOptions& options);

}  // namespace quire::cli
