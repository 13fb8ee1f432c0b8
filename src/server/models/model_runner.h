// What computes one model: the seam between a model that is served and its arithmetic.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/team.h"
#include "core/limits.h"
#include "engine/executor.h"
#include "model/context_memory.h"
#include "model/kv_type.h"
#include "model/loaded_model.h"
#include "store/model_facts.h"

namespace quire {}  // namespace quire

namespace quire::server {

struct RunnerFacts {
  std::string architecture;
  int64_t layers = 0;
  int64_t vocab = 0;         // of its logits
  int64_t width = 0;         // of what they are made from
  int64_t context_max = 0;   // positions that it was made for
  ContextMemory contexts;    // of blocks of Limits{}.block_tokens
  std::string_view kv_type;  // how keys and values are kept; lives as long as the program
  uint64_t weights_bytes = 0;
  bool whole_texts = false;  // rows see those behind them too (ModelConfig::whole_texts)
  bool mtp = false;          // its MTP block was read
  std::string kernels;       // what its numbers are computed with
  int threads = 1;
};

// A model's weights, and the executor that computes with them. Made on the loader's thread; from start() on its
// executor is the engine's.
class ModelRunner {
 public:
  virtual ~ModelRunner() = default;
  virtual const RunnerFacts& facts() const = 0;
  // The executor for an engine of these limits, which lives as long as the runner. Once.
  virtual Result<Executor*> start(const Limits& limits) = 0;
  // The executor of its MTP block, the same. REQUIRES: facts().mtp.
  virtual Result<Executor*> start_mtp(const Limits& limits) = 0;
  // What its executors take beside their KV blocks. REQUIRES: start() has succeeded.
  virtual uint64_t workspace_bytes() const = 0;
};

// Makes the runner of a model of this name from its open file, which outlives it. `progress` is told of bytes that are
// done and bytes in all; false: nobody will want the model, and an error is to come soon. On the loader's thread.
using RunnerFactory = std::function<Result<std::unique_ptr<ModelRunner>>(
    const gguf::File& file, const std::string& name,
    FunctionRef<bool(uint64_t done_bytes, uint64_t total_bytes)> progress)>;

// Runners of the weights that stand in the file, which `load` puts where they are computed.
// The engine's own work on rows is done by `workers`, which must outlive the runners.
RunnerFactory weight_runners(WeightLoader load, Team& workers, const ModelOptions& options);

}  // namespace quire::server
