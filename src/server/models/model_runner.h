// What computes one model: the seam between a model that is served and its arithmetic.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/team.h"
#include "core/limits.h"
#include "engine/executor.h"
#include "model/context_memory.h"
#include "model/kv_type.h"
#include "model/loaded_model.h"
#include "store/model_facts.h"

namespace quire::server {

// Layers of a model, and the device that they lie on.
struct RunnerStage {
  std::string device;
  bool on_host = true;  // its memory is the machine's
  LayerRange layers;
  uint64_t weights_bytes = 0;
  ContextMemory contexts;  // what of them lies there
};

struct RunnerFacts {
  std::string architecture;
  int64_t layers = 0;
  int64_t vocab = 0;                // of its logits
  int64_t width = 0;                // of what they are made from
  int64_t context_max = 0;          // positions that it was made for
  ContextMemory contexts;           // of blocks of Limits{}.block_tokens
  std::string_view kv_type;         // how keys and values are kept; lives as long as the program
  std::vector<RunnerStage> stages;  // in the order of the layers
  bool whole_texts = false;         // rows see those behind them too (ModelConfig::whole_texts)
  bool mtp = false;                 // its MTP block was read
  std::string kernels;              // what its numbers are computed with
  int threads = 1;

  uint64_t weights_bytes() const {
    uint64_t bytes = 0;
    for (const RunnerStage& stage : stages) bytes += stage.weights_bytes;
    return bytes;
  }
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
  // Bytes that are left on a stage's device for the contexts of an engine of these limits, beside weights and
  // workspace; none: it is the machine's memory that they lie in.
  virtual Result<std::optional<uint64_t>> context_room(size_t stage, const Limits& limits) const = 0;
  // What its executors take of a stage's device beside their KV blocks. REQUIRES: start() has succeeded.
  virtual uint64_t workspace_bytes(size_t stage) const = 0;
};

// Makes the runner of a model of this name from its open file, which outlives it. gpu_layers: so many of its last
// layers are to be a GPU's; none: whoever made this function decides. `progress` is told of bytes that are
// done and bytes in all; false: nobody will want the model, and an error is to come soon. On the loader's thread.
using RunnerFactory = std::function<Result<std::unique_ptr<ModelRunner>>(
    const gguf::File& file, const std::string& name, std::optional<int64_t> gpu_layers,
    FunctionRef<bool(uint64_t done_bytes, uint64_t total_bytes)> progress)>;

// Runners of the weights that stand in the file, which `load` puts where they are computed.
// The engine's own work on rows is done by `workers`, which must outlive the runners.
RunnerFactory weight_runners(WeightLoader load, Team& workers, const ModelOptions& options);

}  // namespace quire::server
