// StableLM 2: LayerNorm with a bias, a part of a head turns; in some files heads have norms of their own, or both
// blocks read one norm.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::halves;
  if (keys.has_tensor("blk.0.attn_q_norm.weight")) attention.head_norms = HeadNorms::own_heads;
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  const bool parallel = !keys.has_tensor("blk.0.ffn_norm.weight");
  for (LayerConfig& layer : config.layers) {
    layer = pre_norm_layer(attention, ffn);
    if (parallel) layer.branches = {{.norm = "attn_norm", .blocks = {attention, ffn}}};
  }
  return {};
}

}  // namespace

const Architecture stablelm_architecture = {.name = "stablelm", .norm = NormKind::layer, .describe = describe};

}  // namespace quire
