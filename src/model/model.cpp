#include "model/model.h"

#include <array>
#include <utility>

#include "base/check.h"

namespace quire {
namespace {

std::array<const Matrix*, 7> matrices_of(const LayerWeights& layer) {
  return {&layer.q, &layer.k, &layer.v, &layer.attention_output, &layer.gate, &layer.up, &layer.down};
}

}  // namespace

Result<Model> Model::load(const gguf::File& file, Backend& backend, KvType kv_type, LoadProgress progress) {
  QUIRE_TRY(ModelConfig config, read_config(file, kv_type));
  const Architecture* architecture = find_architecture(config.architecture);
  QUIRE_CHECK(architecture != nullptr, "read_config refuses the others");
  QUIRE_TRY(Weights weights, load_weights(file, config, *architecture, backend, progress));
  return Model(std::move(config), *architecture, std::move(weights));
}

Result<Model> Model::load(const gguf::File& file, Backend& backend, KvType kv_type) {
  return load(file, backend, kv_type, [](uint64_t, uint64_t) { return true; });
}

Model::Model(ModelConfig config, const Architecture& architecture, Weights weights)
    : config_(std::move(config)),
      architecture_(&architecture),
      weights_(std::move(weights)),
      rope_(config_.rotary_dim, config_.rope_base, config_.rope_position_scale, weights_.rope_factors) {}

uint64_t Model::weight_size_bytes() const { return weights_.memory->size_bytes(); }

int64_t Model::layer_products() const {
  int64_t products = 0;
  for (const LayerWeights& layer : weights_.layers) {
    for (const Matrix* matrix : matrices_of(layer)) products += matrix->outputs * matrix->inputs;
  }
  return products;
}

}  // namespace quire
