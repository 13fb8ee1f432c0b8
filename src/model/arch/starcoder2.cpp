// StarCoder 2: LayerNorm, biases everywhere, and an FFN without a gate.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::halves;
  QUIRE_TRY(attention.window, keys.count_from_zero_or("attention.sliding_window", 0, context_tokens_max));
  QUIRE_TRY(FfnConfig ffn, read_ffn(keys));
  ffn.activation = Activation::gelu;
  ffn.gated = false;
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

}  // namespace

const Architecture starcoder2_architecture = {.name = "starcoder2", .norm = NormKind::layer, .describe = describe};

}  // namespace quire
