// Models that an engine runs: what LoadedModel is outside of tests.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "server/models/loaded_model.h"
#include "server/models/model_runner.h"
#include "server/settings.h"

namespace quire::server {

// Reads a model's file and starts an engine for it. Borrows the clock for its life, as do its models.
class EngineModelLoader final : public ModelLoader {
 public:
  EngineModelLoader(const Settings& settings, RunnerFactory make_runner, const Clock& clock)
      : settings_(settings), make_runner_(std::move(make_runner)), clock_(clock) {}
  EngineModelLoader(const Settings& settings, BackendFactory make_backend, const Clock& clock)
      : EngineModelLoader(settings, weight_runners(std::move(make_backend), settings.kv_type), clock) {}

  // An error names the file, and in it the key, tensor or type that is at fault.
  Result<std::unique_ptr<LoadedModel>> load(const store::ModelFile& file, EventSink sink,
                                            FunctionRef<bool()> keep_going) override;

 private:
  const Settings settings_;
  const RunnerFactory make_runner_;
  const Clock& clock_;
};

// The sizes an engine gets: as many KV blocks as the memory allows, up to what running_max contexts of full length
// need. `memory_bytes` is for KV; block_bytes is one block's over all layers.
Limits engine_limits(const Settings& settings, int64_t context_max, int64_t block_bytes, uint64_t memory_bytes);

// Half of what the system and the control group say is available.
uint64_t memory_for_kv(const Settings& settings);

}  // namespace quire::server
