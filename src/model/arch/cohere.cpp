// Command R and R+, whose heads have norms of their own; Command R7B and A (cohere2), where three of four layers have a
// window, and the others do not see positions. Both blocks of a layer read one LayerNorm without a bias.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::neighbours;
  if (keys.has_tensor("blk.0.attn_q_norm.weight")) attention.head_norms = HeadNorms::own_heads;
  QUIRE_TRY(const double logit_scale, keys.number("logit_scale", 1e-6, 1e6));
  config.logit_scale = static_cast<float>(logit_scale);
  for (LayerConfig& layer : config.layers) layer = parallel_layer(attention, ffn);
  return {};
}

Result<void> describe_with_windows(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY_VOID(describe(keys, config));
  QUIRE_TRY(const std::vector<int64_t> windows, read_windows(keys, config.layer_count(), 4, 1));
  for (size_t i = 0; i < windows.size(); ++i) {
    AttentionConfig& attention = *attention_of(config.layers[i]);
    attention.window = windows[i];
    attention.rope = windows[i] > 0 ? 0 : no_rope;
  }
  return {};
}

}  // namespace

const Architecture command_r_architecture = {.name = "command-r", .norm = NormKind::layer, .describe = describe};
const Architecture cohere2_architecture = {
    .name = "cohere2", .norm = NormKind::layer, .describe = describe_with_windows};

}  // namespace quire
