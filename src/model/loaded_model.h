// A model that was loaded onto devices of its own choice: what is above sees none of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "gguf/file.h"
#include "model/instance.h"
#include "model/model.h"
#include "model/placement/stage.h"

namespace quire {

// A stage with the backend that is made for it. The backends of a model's stages are different ones, of one arithmetic.
struct PlacedStage {
  std::unique_ptr<Backend> backend;
  LayerRange layers;
};

// Which devices compute which layers of a model that is to be loaded. Any thread.
using Placer = std::function<Result<std::vector<PlacedStage>>(const gguf::File& file, const ModelConfig& config,
                                                              const ModelOptions& options)>;

// Owns the weights and the backends that they are for. Made by one thread; instances are used by one thread at a time.
class LoadedModel {
 public:
  // As Model::load.
  static Result<std::unique_ptr<LoadedModel>> load(const gguf::File& file, const Placer& place,
                                                   const ModelOptions& options, LoadProgress progress);

  const Model& model() const { return model_; }
  std::string_view arithmetic() const { return placed_.back().backend->name(); }
  const std::vector<PlacedStage>& stages() const { return placed_; }
  // What an instance takes of a stage's device beside its contexts, its MTP block's too.
  uint64_t workspace_size_bytes(size_t stage, const Limits& limits) const;
  // REQUIRES: this outlives the instance.
  Result<ModelInstance> make_instance(const Limits& limits) const;
  // Of its MTP block, which is where the model ends. REQUIRES: it was read, and as above.
  Result<ModelInstance> make_mtp_instance(const Limits& limits) const {
    return ModelInstance::create(*model_.mtp(), *placed_.back().backend, limits);
  }

 private:
  LoadedModel(std::vector<PlacedStage> placed, Model model) : placed_(std::move(placed)), model_(std::move(model)) {}

  const std::vector<PlacedStage> placed_;
  const Model model_;
};

// Loads a model where whoever made this function wants it. Any thread.
using WeightLoader = std::function<Result<std::unique_ptr<LoadedModel>>(
    const gguf::File& file, const ModelOptions& options, LoadProgress progress)>;

WeightLoader weight_loader(Placer place);
// All layers on one device.
WeightLoader weight_loader(BackendFactory make_backend);

}  // namespace quire
