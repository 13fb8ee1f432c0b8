// SmolLM 3: Llama, but every fourth layer does not see positions.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::neighbours;
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  for (size_t i = 0; i < config.layers.size(); ++i) {
    attention.rope = i % 4 == 3 ? no_rope : 0;
    config.layers[i] = pre_norm_layer(attention, ffn);
  }
  return {};
}

}  // namespace

const Architecture smollm3_architecture = {.name = "smollm3", .describe = describe};

}  // namespace quire
