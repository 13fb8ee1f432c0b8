// quire inspect FILE.gguf: what a model file holds.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace quire::cli {

struct InspectOptions {
  std::filesystem::path file;  // FILE.gguf
};

// Prints metadata (long values abbreviated), tensors, and totals by element type on standard output.
Result<void> run_inspect(const InspectOptions& options);

}  // namespace quire::cli
