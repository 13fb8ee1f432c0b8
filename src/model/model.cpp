#include "model/model.h"

#include <utility>

namespace quire {

Model::Model(ModelConfig config, Weights weights) : config_(std::move(config)), weights_(std::move(weights)) {
  if (weights_.mtp) mtp_.reset(new Model(mtp_model(config_), std::move(*weights_.mtp)));
  weights_.mtp.reset();
}

Result<ModelConfig> read_model_config(const gguf::File& file, const ModelOptions& options) {
  QUIRE_TRY(ModelConfig config, read_config(file, options.kv_type));
  if (!options.mtp) config.mtp.reset();
  return config;
}

Result<Model> Model::load(const gguf::File& file, ModelConfig config, std::span<const Stage> stages,
                          LoadProgress progress) {
  QUIRE_TRY(Weights weights, load_weights(file, config, stages, progress));
  return Model(std::move(config), std::move(weights));
}

Result<Model> Model::load(const gguf::File& file, Backend& backend, const ModelOptions& options,
                          LoadProgress progress) {
  QUIRE_TRY(ModelConfig config, read_model_config(file, options));
  const Stage stage{.on = &backend, .layers = all_layers(config)};
  return load(file, std::move(config), {&stage, 1}, progress);
}

Result<Model> Model::load(const gguf::File& file, Backend& backend, const ModelOptions& options) {
  return load(file, backend, options, [](uint64_t, uint64_t) { return true; });
}

std::vector<Rope> Model::ropes(int64_t context_tokens) const {
  std::vector<Rope> ropes;
  for (size_t i = 0; i < config_.ropes.size(); ++i) {
    const RopeConfig& rope = config_.ropes[i];
    const RopeFactors& factors = weights_.rope_factors[i];
    const bool is_long = !factors.long_values.empty() && static_cast<double>(context_tokens) > rope.original_context;
    ropes.emplace_back(rope, is_long ? factors.long_values : factors.values);
  }
  return ropes;
}

uint64_t Model::weight_size_bytes() const {
  uint64_t bytes = 0;
  for (const DeviceArena& memory : weights_.memories) bytes += memory.size_bytes();
  return bytes;
}

int64_t Model::layer_products() const {
  int64_t products = 0;
  if (weights_.mtp_input) products += weights_.mtp_input->products();
  if (weights_.layer_inputs) products += products_of(weights_.layer_inputs->projection);
  if (weights_.streams) products += weights_.streams->begin_products();
  for (const Layer& layer : weights_.layers) products += layer.products();
  return products;
}

int64_t Model::output_products() const {
  if (config_.whole_texts) return 0;
  return config_.vocab * config_.width + (weights_.streams ? weights_.streams->end_products() : 0);
}

}  // namespace quire
