#include "server/models/model_runner.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "engine/model_executor.h"
#include "model/kv_type.h"

namespace quire::server {
namespace {

// Not for a model's contexts: what a device's driver, and others, take at any time.
uint64_t reserve_bytes(const DeviceMemoryRoom& room) { return std::min(room.total_bytes / 16, uint64_t{512} << 20); }

class WeightRunner final : public ModelRunner {
 public:
  static Result<std::unique_ptr<ModelRunner>> create(std::unique_ptr<quire::LoadedModel> loaded, Team& workers) {
    std::unique_ptr<WeightRunner> runner(new WeightRunner(std::move(loaded), workers));
    QUIRE_TRY_VOID(runner->add_stages());
    return runner;
  }

  const RunnerFacts& facts() const override { return facts_; }
  Result<Executor*> start(const Limits& limits) override {
    QUIRE_TRY(ModelInstance instance, loaded_->make_instance(limits));
    executor_ = std::make_unique<ModelExecutor>(std::move(instance), workers_);
    return executor_.get();
  }
  Result<Executor*> start_mtp(const Limits& limits) override {
    QUIRE_TRY(ModelInstance instance, loaded_->make_mtp_instance(limits));
    mtp_executor_ = std::make_unique<ModelExecutor>(std::move(instance), workers_);
    return mtp_executor_.get();
  }
  Result<std::optional<uint64_t>> context_room(size_t stage, const Limits& limits) const override {
    QUIRE_TRY(const std::optional<DeviceMemoryRoom> room, loaded_->stages()[stage].backend->device().room());
    if (!room) return std::nullopt;
    const uint64_t taken = loaded_->workspace_size_bytes(stage, limits) + reserve_bytes(*room);
    return room->free_bytes > taken ? room->free_bytes - taken : 0;
  }
  uint64_t workspace_bytes(size_t stage) const override {
    const bool has_mtp = mtp_executor_ != nullptr && stage + 1 == facts_.stages.size();
    return executor_->workspace_size_bytes(stage) + (has_mtp ? mtp_executor_->workspace_size_bytes(0) : 0);
  }

 private:
  WeightRunner(std::unique_ptr<quire::LoadedModel> loaded, Team& workers)
      : loaded_(std::move(loaded)), workers_(workers) {
    const Model& model = loaded_->model();
    const ModelConfig& config = model.config();
    facts_ = {.architecture = config.architecture,
              .layers = config.layer_count(),
              .vocab = config.vocab,
              .width = config.width,
              .context_max = config.context_max,
              .contexts = context_memory(config, Limits{}.block_tokens),
              .kv_type = kv_type_name(config.kv_type),
              .whole_texts = config.whole_texts,
              .mtp = model.mtp() != nullptr,
              .kernels = std::string(loaded_->arithmetic()),
              .threads = workers.worker_count()};
  }

  Result<void> add_stages() {
    const Model& model = loaded_->model();
    for (size_t index = 0; index < loaded_->stages().size(); ++index) {
      const PlacedStage& stage = loaded_->stages()[index];
      Device& device = stage.backend->device();
      QUIRE_TRY(const std::optional<DeviceMemoryRoom> room, device.room());
      facts_.stages.push_back({.device = std::string(device.name()),
                               .on_host = !room.has_value(),
                               .layers = stage.layers,
                               .weights_bytes = model.weight_size_bytes(index),
                               .contexts = context_memory(model.config(), Limits{}.block_tokens, stage.layers)});
    }
    return {};
  }

  const std::unique_ptr<quire::LoadedModel> loaded_;
  Team& workers_;
  RunnerFacts facts_;
  std::unique_ptr<ModelExecutor> executor_;
  std::unique_ptr<ModelExecutor> mtp_executor_;
};

}  // namespace

RunnerFactory weight_runners(WeightLoader load, Team& workers, const ModelOptions& options) {
  return [load = std::move(load), &workers, options](
             const gguf::File& file, const std::string& name, std::optional<int64_t> gpu_layers,
             FunctionRef<bool(uint64_t, uint64_t)> progress) -> Result<std::unique_ptr<ModelRunner>> {
    ModelOptions wish = options;
    wish.gpu_layers = gpu_layers;
    QUIRE_TRY(std::unique_ptr<quire::LoadedModel> loaded, load(file, wish, progress));
    const auto skipped = std::ranges::count_if(
        file.tensors(), [&](const auto& tensor) { return is_beside_text(loaded->model().config(), tensor.name); });
    if (skipped > 0) spdlog::info("{}: {} tensors beside the text model are not used", name, skipped);
    return WeightRunner::create(std::move(loaded), workers);
  };
}

}  // namespace quire::server
