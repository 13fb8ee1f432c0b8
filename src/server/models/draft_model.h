// The smaller model that guesses for a served one.
#pragma once

#include <cstdint>
#include <memory>

#include "base/function_ref.h"
#include "base/result.h"
#include "core/limits.h"
#include "engine/drafter.h"
#include "server/models/loaded_model.h"
#include "server/models/model_runner.h"
#include "store/catalog.h"
#include "store/model_facts.h"
#include "text/tokenizer.h"

namespace quire::server {

// Owns its weights and rows; lives as long as what start() has returned.
class DraftModel {
 public:
  // An error names the file and what is wrong with it; its kind is unsupported where only its vocabulary is not the
  // served model's. On the loader's thread.
  static Result<std::unique_ptr<DraftModel>> load(const store::ModelFile& file, const Tokenizer& served,
                                                  const RunnerFactory& make_runner, FunctionRef<bool()> keep_going);

  // Over all its layers, of a block of Limits{}.block_tokens.
  // Its layers with windows have theirs in full blocks.
  int64_t kv_block_bytes() const {
    return runner_->facts().contexts.block_bytes + runner_->facts().contexts.window_block_bytes;
  }
  // What guesses for an engine of these limits. Once.
  Result<std::unique_ptr<Drafter>> start(const Limits& limits);
  // It is computed by the cores. REQUIRES: start() has succeeded.
  ModelStage stage() const {
    const RunnerStage& stage = runner_->facts().stages.front();
    ContextMemory contexts = stage.contexts;
    contexts.block_bytes = kv_block_bytes();
    contexts.window_block_bytes = 0;
    return {.device = stage.device,
            .on_host = stage.on_host,
            .layers = 0,  // of the served model
            .memory = {.weights_bytes = stage.weights_bytes, .workspace_bytes = runner_->workspace_bytes(0)},
            .contexts = contexts};
  }

 private:
  DraftModel(gguf::File file, int32_t tokens) : file_(std::move(file)), tokens_(tokens) {}

  const gguf::File file_;
  const int32_t tokens_;  // that both models have
  std::unique_ptr<ModelRunner> runner_;
};

}  // namespace quire::server
