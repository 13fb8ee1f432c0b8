// Command R and R+: both blocks read one LayerNorm without a bias; the heads of R+ have norms of their own.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::neighbours;
  if (keys.has_tensor("blk.0.attn_q_norm.weight")) attention.head_norms = HeadNorms::own_heads;
  QUIRE_TRY(const double logit_scale, keys.number("logit_scale", 1e-6, 1e6));
  config.logit_scale = static_cast<float>(logit_scale);
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  for (LayerConfig& layer : config.layers) layer.branches = {{.norm = "attn_norm", .blocks = {attention, ffn}}};
  return {};
}

}  // namespace

const Architecture command_r_architecture = {.name = "command-r", .norm = NormKind::layer, .describe = describe};

}  // namespace quire
