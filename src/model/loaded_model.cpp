#include "model/loaded_model.h"

#include <utility>

namespace quire {
namespace {

std::vector<Stage> stages_of(const std::vector<PlacedStage>& placed) {
  std::vector<Stage> stages;
  for (const PlacedStage& stage : placed) stages.push_back({.on = stage.backend.get(), .layers = stage.layers});
  return stages;
}

}  // namespace

Result<std::unique_ptr<LoadedModel>> LoadedModel::load(const gguf::File& file, const Placer& place,
                                                       const ModelOptions& options, LoadProgress progress) {
  QUIRE_TRY(ModelConfig config, read_model_config(file, options));
  QUIRE_TRY(std::vector<PlacedStage> placed, place(file, config, options));
  QUIRE_TRY(Model model, Model::load(file, std::move(config), stages_of(placed), progress));
  return std::unique_ptr<LoadedModel>(new LoadedModel(std::move(placed), std::move(model)));
}

uint64_t LoadedModel::workspace_size_bytes(size_t stage, const Limits& limits) const {
  const auto& [backend, layers] = placed_[stage];
  const auto size_of = [&](const ModelConfig& config, LayerRange range) {
    return Workspace::rows_size_bytes(config, limits, range) +
           backend->scratch_size_bytes(Workspace::scratch_shape(config, limits));
  };
  uint64_t bytes = size_of(model_.config(), layers);
  if (model_.mtp() != nullptr && stage + 1 == placed_.size()) {
    bytes += size_of(model_.mtp()->config(), all_layers(model_.mtp()->config()));
  }
  return bytes;
}

Result<ModelInstance> LoadedModel::make_instance(const Limits& limits) const {
  return ModelInstance::create(model_, stages_of(placed_), limits);
}

WeightLoader weight_loader(Placer place) {
  return [place = std::move(place)](const gguf::File& file, const ModelOptions& options, LoadProgress progress) {
    return LoadedModel::load(file, place, options, progress);
  };
}

WeightLoader weight_loader(BackendFactory make_backend) {
  return weight_loader(
      [make_backend = std::move(make_backend)](const gguf::File&, const ModelConfig& config,
                                               const ModelOptions&) -> Result<std::vector<PlacedStage>> {
        std::vector<PlacedStage> placed;
        placed.push_back({.backend = make_backend(), .layers = all_layers(config)});
        return placed;
      });
}

}  // namespace quire
