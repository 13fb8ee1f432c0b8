// StarCoder 2: LayerNorm, biases everywhere, and an FFN without a gate.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  QUIRE_TRY(attention.window, keys.count_from_zero_or("attention.sliding_window", 0, context_tokens_max));
  ffn.activation = Activation::gelu;
  ffn.gated = false;
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

}  // namespace

const Architecture starcoder2_architecture = {.name = "starcoder2", .norm = NormKind::layer, .describe = describe};

}  // namespace quire
