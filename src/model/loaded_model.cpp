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
  QUIRE_TRY(std::vector<PlacedStage> placed, place(file, config));
  QUIRE_TRY(Model model, Model::load(file, std::move(config), stages_of(placed), progress));
  return std::unique_ptr<LoadedModel>(new LoadedModel(std::move(placed), std::move(model)));
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
  return weight_loader([make_backend = std::move(make_backend)](
                           const gguf::File&, const ModelConfig& config) -> Result<std::vector<PlacedStage>> {
    std::vector<PlacedStage> placed;
    placed.push_back({.backend = make_backend(), .layers = all_layers(config)});
    return placed;
  });
}

}  // namespace quire
