// Command R7B and A: both blocks read one LayerNorm without a bias; three of four layers have a window, and the others
// do not see positions.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::neighbours;
  QUIRE_TRY(const double logit_scale, keys.number("logit_scale", 1e-6, 1e6));
  config.logit_scale = static_cast<float>(logit_scale);
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  QUIRE_TRY(const int64_t window, read_window(keys));
  QUIRE_TRY(const std::vector<bool> windows, read_window_pattern(keys, config.layer_count(), 4));
  for (size_t i = 0; i < config.layers.size(); ++i) {
    attention.window = windows[i] ? window : 0;
    attention.rope = windows[i] ? 0 : no_rope;
    config.layers[i].branches = {{.norm = "attn_norm", .blocks = {attention, ffn}}};
  }
  return {};
}

}  // namespace

const Architecture cohere2_architecture = {.name = "cohere2", .norm = NormKind::layer, .describe = describe};

}  // namespace quire
