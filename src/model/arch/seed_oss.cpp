// Seed-OSS: q, k and v may have biases; the norm before the FFN is called post_attention_norm.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::halves;
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  for (LayerConfig& layer : config.layers) {
    layer.branches = {{.norm = "attn_norm", .blocks = {attention}}, {.norm = "post_attention_norm", .blocks = {ffn}}};
  }
  return {};
}

}  // namespace

const Architecture seed_oss_architecture = {.name = "seed_oss", .describe = describe};

}  // namespace quire
