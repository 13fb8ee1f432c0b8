// GLM 4 (9B, 32B): norms before and after each block, half of a head turns; q, k and v may have biases.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::neighbours;
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  for (LayerConfig& layer : config.layers) {
    layer.branches = {{.norm = "attn_norm", .blocks = {attention}, .post_norm = "post_attention_norm"},
                      {.norm = "ffn_norm", .blocks = {ffn}, .post_norm = "post_ffw_norm"}};
  }
  return {};
}

}  // namespace

const Architecture glm4_architecture = {.name = "glm4", .describe = describe};

}  // namespace quire
