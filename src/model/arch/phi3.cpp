// Phi 3, 3.5 and 4 (also mini): q, k and v are one matrix, gate and up another. Frequencies are divided by one list of
// factors where contexts are served that are longer than the original one, else by another.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  QUIRE_TRY(attention.window, keys.count_from_zero_or("attention.sliding_window", 0, context_tokens_max));
  if (keys.has_tensor("rope_factors_long.weight")) {
    RopeConfig& rope = config.ropes.front();
    rope.factors = "rope_factors_short.weight";
    rope.long_factors = "rope_factors_long.weight";
    QUIRE_TRY(const int64_t original,
              keys.count_or("rope.scaling.original_context_length", config.context_max, context_tokens_max));
    rope.original_context = static_cast<double>(original);
  }
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

}  // namespace

const Architecture phi3_architecture = {.name = "phi3", .describe = describe};

}  // namespace quire
