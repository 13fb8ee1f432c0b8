#include "model/loaded_model.h"

#include <utility>

namespace quire {

Result<std::unique_ptr<LoadedModel>> LoadedModel::load(const gguf::File& file, std::unique_ptr<Backend> backend,
                                                       const ModelOptions& options, LoadProgress progress) {
  QUIRE_TRY(Model model, Model::load(file, *backend, options, progress));
  return std::unique_ptr<LoadedModel>(new LoadedModel(std::move(backend), std::move(model)));
}

WeightLoader weight_loader(BackendFactory make_backend) {
  return [make_backend = std::move(make_backend)](const gguf::File& file, const ModelOptions& options,
                                                  LoadProgress progress) {
    return LoadedModel::load(file, make_backend(), options, progress);
  };
}

}  // namespace quire
