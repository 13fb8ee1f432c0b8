// Mistral's files since Ministral 3: Llama with YaRN, whose queries grow warmer with the position.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::neighbours;
  QUIRE_TRY(config.temperature.scale, keys.number_or("attention.temperature_scale", 0.0, 0.0, 1e3));
  attention.warms = config.temperature.scale != 0.0;
  if (attention.warms) {
    QUIRE_TRY(const int64_t length, keys.count("rope.scaling.original_context_length", context_tokens_max));
    config.temperature.length = static_cast<double>(length);
  }
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

}  // namespace

const Architecture mistral3_architecture = {.name = "mistral3", .describe = describe};

}  // namespace quire
