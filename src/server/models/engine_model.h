// Models that an engine runs: what LoadedModel is outside of tests.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "server/models/loaded_model.h"
#include "server/models/model_runner.h"
#include "server/settings.h"

namespace quire::server {

ModelOptions model_options(const Settings& settings);

// What engines are made of beside a model's file. The clock is borrowed for their life.
struct EngineSurroundings {
  Settings settings;
  RunnerFactory make_runner;
  const Clock& clock;
  std::optional<store::ModelFile> draft;  // the model that guesses for those of its vocabulary
};

// Reads a model's file and starts an engine for it.
class EngineModelLoader final : public ModelLoader {
 public:
  explicit EngineModelLoader(EngineSurroundings surroundings) : surroundings_(std::move(surroundings)) {}
  EngineModelLoader(const Settings& settings, RunnerFactory make_runner, const Clock& clock)
      : EngineModelLoader(EngineSurroundings{settings, std::move(make_runner), clock, std::nullopt}) {}
  EngineModelLoader(const Settings& settings, WeightLoader load, Team& workers, const Clock& clock)
      : EngineModelLoader(settings, weight_runners(std::move(load), workers, model_options(settings)), clock) {}

  // An error names the file, and in it the key, tensor or type that is at fault.
  Result<std::unique_ptr<LoadedModel>> load(const store::ModelFile& file, EventSink sink,
                                            FunctionRef<bool()> keep_going) override;

 private:
  const EngineSurroundings surroundings_;
};

// The sizes an engine gets that do not depend on memory.
Limits engine_limits(const Settings& settings, int64_t context_max);
// All of them: as many KV blocks as the memory allows, up to what running_max contexts of full length
// need, and as much of the other classes as goes with them. `memory_bytes` is for all of it.
Limits engine_limits(const Settings& settings, int64_t context_max, const ContextMemory& memory, uint64_t memory_bytes);

// Half of what the system and the control group say is available.
uint64_t memory_for_kv(const Settings& settings);

}  // namespace quire::server
