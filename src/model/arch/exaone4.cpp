// EXAONE 4: heads of q and k are normalized, and what a block gives, not what it reads. In the 32B three of four layers
// have a window, and the others do not see positions.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::halves;
  attention.head_norms = HeadNorms::each_head;
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  QUIRE_TRY(const int64_t window, keys.count_from_zero_or("attention.sliding_window", 0, context_tokens_max));
  QUIRE_TRY(const std::vector<bool> windows, read_window_pattern(keys, config.layer_count(), window > 0 ? 4 : 0));
  for (size_t i = 0; i < config.layers.size(); ++i) {
    attention.window = windows[i] ? window : 0;
    attention.rope = window == 0 || windows[i] ? 0 : no_rope;
    config.layers[i].branches = {{.blocks = {attention}, .post_norm = "post_attention_norm"},
                                 {.blocks = {ffn}, .post_norm = "post_ffw_norm"}};
  }
  return {};
}

}  // namespace

const Architecture exaone4_architecture = {.name = "exaone4", .describe = describe};

}  // namespace quire
