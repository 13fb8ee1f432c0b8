// quire quantize IN OUT TYPE: a model file of another type.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace quire::cli {

struct QuantizeOptions {
  std::filesystem::path in;       // IN: a GGUF file of any supported element types
  std::filesystem::path out;      // OUT: appears when it is complete; may be IN
  std::string type;               // TYPE: one of gguf::file_type_names(), in any case
  std::filesystem::path imatrix;  // --imatrix: how much each input matters (gguf/importance.h); empty: not known
  int threads = 0;                // --threads: 0 for all cores; changes the time only
};

// Writes the file, with a progress bar where standard error is a terminal, and says on standard output what it made.
Result<void> run_quantize(const QuantizeOptions& options);

}  // namespace quire::cli
