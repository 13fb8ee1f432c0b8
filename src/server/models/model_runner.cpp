#include "server/models/model_runner.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "engine/model_executor.h"
#include "model/kv_type.h"
#include "model/model.h"

namespace quire::server {
namespace {

class WeightRunner final : public ModelRunner {
 public:
  WeightRunner(std::unique_ptr<Backend> backend, Model model) : backend_(std::move(backend)), model_(std::move(model)) {
    const ModelConfig& config = model_.config();
    facts_ = {.architecture = config.architecture,
              .layers = config.layers,
              .vocab = config.vocab,
              .width = config.width,
              .context_max = config.context_max,
              .kv_block_bytes = KvStore::block_size_bytes(config, Limits{}.block_tokens),
              .kv_type = kv_type_name(config.kv_type),
              .weights_bytes = model_.weight_size_bytes(),
              .kernels = std::string(backend_->name()),
              .threads = backend_->worker_count()};
  }

  const RunnerFacts& facts() const override { return facts_; }
  Result<Executor*> start(const Limits& limits) override {
    QUIRE_TRY(ModelExecutor executor, ModelExecutor::create(model_, *backend_, limits));
    executor_ = std::make_unique<ModelExecutor>(std::move(executor));
    return executor_.get();
  }
  uint64_t workspace_bytes() const override { return executor_->workspace_size_bytes(); }

 private:
  const std::unique_ptr<Backend> backend_;
  const Model model_;
  RunnerFacts facts_;
  std::unique_ptr<ModelExecutor> executor_;
};

}  // namespace

RunnerFactory weight_runners(BackendFactory make_backend, KvType kv_type) {
  return [make_backend = std::move(make_backend), kv_type](
             const gguf::File& file, const std::string& name,
             FunctionRef<bool(uint64_t, uint64_t)> progress) -> Result<std::unique_ptr<ModelRunner>> {
    std::unique_ptr<Backend> backend = make_backend();
    QUIRE_TRY(Model model, Model::load(file, *backend, kv_type, progress));
    const auto skipped = std::ranges::count_if(
        file.tensors(), [&](const auto& tensor) { return is_beside_text(model.config(), tensor.name); });
    if (skipped > 0) spdlog::info("{}: {} tensors beside the text model are not used", name, skipped);
    return std::make_unique<WeightRunner>(std::move(backend), std::move(model));
  };
}

}  // namespace quire::server
