// InternLM 2 and 2.5: Llama.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::neighbours;
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

}  // namespace

const Architecture internlm2_architecture = {.name = "internlm2", .describe = describe};

}  // namespace quire
