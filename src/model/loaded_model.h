// A model that was loaded onto a device of its own choice: what is above sees no device.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "backend/backend.h"
#include "base/result.h"
#include "gguf/file.h"
#include "model/instance.h"
#include "model/model.h"

namespace quire {

// Owns the weights and the backend that they are for. Made by one thread; instances are used by one thread at a time.
class LoadedModel {
 public:
  // As Model::load.
  static Result<std::unique_ptr<LoadedModel>> load(const gguf::File& file, std::unique_ptr<Backend> backend,
                                                   const ModelOptions& options, LoadProgress progress);

  const Model& model() const { return model_; }
  std::string_view arithmetic() const { return backend_->name(); }
  // REQUIRES: this outlives the instance.
  Result<ModelInstance> make_instance(const Limits& limits) const {
    return ModelInstance::create(model_, *backend_, limits);
  }
  // Of its MTP block. REQUIRES: it was read, and as above.
  Result<ModelInstance> make_mtp_instance(const Limits& limits) const {
    return ModelInstance::create(*model_.mtp(), *backend_, limits);
  }

 private:
  LoadedModel(std::unique_ptr<Backend> backend, Model model) : backend_(std::move(backend)), model_(std::move(model)) {}

  const std::unique_ptr<Backend> backend_;
  const Model model_;
};

// Loads a model where whoever made this function wants it. Any thread.
using WeightLoader = std::function<Result<std::unique_ptr<LoadedModel>>(
    const gguf::File& file, const ModelOptions& options, LoadProgress progress)>;

WeightLoader weight_loader(BackendFactory make_backend);

}  // namespace quire
