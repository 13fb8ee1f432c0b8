#include "model/model.h"

#include <utility>

namespace quire {

Result<Model> Model::load(const gguf::File& file, Backend& backend, KvType kv_type, LoadProgress progress) {
  QUIRE_TRY(ModelConfig config, read_config(file, kv_type));
  QUIRE_TRY(Weights weights, load_weights(file, config, backend, progress));
  return Model(std::move(config), std::move(weights));
}

Result<Model> Model::load(const gguf::File& file, Backend& backend, KvType kv_type) {
  return load(file, backend, kv_type, [](uint64_t, uint64_t) { return true; });
}

Model::Model(ModelConfig config, Weights weights) : config_(std::move(config)), weights_(std::move(weights)) {
  for (size_t i = 0; i < config_.ropes.size(); ++i) {
    const RopeConfig& rope = config_.ropes[i];
    ropes_.emplace_back(rope.rotary, rope.base, rope.position_scale, weights_.rope_factors[i]);
  }
}

uint64_t Model::weight_size_bytes() const { return weights_.memory->size_bytes(); }

int64_t Model::layer_products() const {
  int64_t products = 0;
  for (const Layer& layer : weights_.layers) products += layer.products();
  return products;
}

}  // namespace quire
