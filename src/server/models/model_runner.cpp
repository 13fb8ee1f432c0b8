#include "server/models/model_runner.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "engine/model_executor.h"
#include "model/kv_type.h"

namespace quire::server {
namespace {

class WeightRunner final : public ModelRunner {
 public:
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
              .weights_bytes = model.weight_size_bytes(),
              .whole_texts = config.whole_texts,
              .mtp = model.mtp() != nullptr,
              .kernels = std::string(loaded_->arithmetic()),
              .threads = workers.worker_count()};
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
  uint64_t workspace_bytes() const override {
    return executor_->workspace_size_bytes() + (mtp_executor_ ? mtp_executor_->workspace_size_bytes() : 0);
  }

 private:
  const std::unique_ptr<quire::LoadedModel> loaded_;
  Team& workers_;
  RunnerFacts facts_;
  std::unique_ptr<ModelExecutor> executor_;
  std::unique_ptr<ModelExecutor> mtp_executor_;
};

}  // namespace

RunnerFactory weight_runners(WeightLoader load, Team& workers, const ModelOptions& options) {
  return [load = std::move(load), &workers, options](
             const gguf::File& file, const std::string& name,
             FunctionRef<bool(uint64_t, uint64_t)> progress) -> Result<std::unique_ptr<ModelRunner>> {
    QUIRE_TRY(std::unique_ptr<quire::LoadedModel> loaded, load(file, options, progress));
    const auto skipped = std::ranges::count_if(
        file.tensors(), [&](const auto& tensor) { return is_beside_text(loaded->model().config(), tensor.name); });
    if (skipped > 0) spdlog::info("{}: {} tensors beside the text model are not used", name, skipped);
    return std::make_unique<WeightRunner>(std::move(loaded), workers);
  };
}

}  // namespace quire::server
