// `quire tune`: how many contexts this machine pays for and this memory holds, of one model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "model/kv_type.h"

namespace quire::cli {

struct TuneOptions {
  std::string model;               // a file, or a name of the models' folder; empty with `table`
  bool table = false;              // the tables of docs/parallelism.md instead
  std::optional<int32_t> context;  // tokens; absent: CONTEXT_LENGTH, else 4096, at most the model's
  std::string memory;              // what the server may take; empty: what is available
  std::optional<int32_t> threads;
  std::optional<KvType> kv_type;
  int32_t seconds = 100;  // for measuring
  bool json = false;
  std::string svg;  // a file; empty: none
  bool writes = true;
};
Result<void> tune_command(const TuneOptions& options);

}  // namespace quire::cli
