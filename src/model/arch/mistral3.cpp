// Mistral's files since Ministral 3: Llama with YaRN, whose queries are scaled by the position (attention temperature).
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::neighbours;
  QUIRE_TRY(config.temperature.scale, keys.number_or("attention.temperature_scale", 0.0, 0.0, 1e3));
  attention.has_temperature = config.temperature.scale != 0.0;
  if (attention.has_temperature) {
    QUIRE_TRY(const int64_t length, keys.count("rope.scaling.original_context_length", context_tokens_max));
    config.temperature.length = static_cast<double>(length);
  }
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

}  // namespace

const Architecture mistral3_architecture = {.name = "mistral3", .describe = describe};

}  // namespace quire
