// OLMo 2 and 3: rows of q and k are normalized as a whole, and what a block gives, not what it reads. In OLMo 3 three
// of four layers have a window, and turn without the scaling of the others.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::halves;
  attention.head_norms = HeadNorms::whole_row;
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  QUIRE_TRY(const RopeConfig window_rope, read_window_rope(keys, rope, rope.base));
  config.ropes = {rope, window_rope};
  QUIRE_TRY(const int64_t window, keys.count_from_zero_or("attention.sliding_window", 0, context_tokens_max));
  QUIRE_TRY(const std::vector<bool> windows, read_window_pattern(keys, config.layer_count(), window > 0 ? 4 : 0));
  for (size_t i = 0; i < config.layers.size(); ++i) {
    attention.window = windows[i] ? window : 0;
    attention.rope = windows[i] ? 1 : 0;
    config.layers[i].branches = {{.blocks = {attention}, .post_norm = "post_attention_norm"},
                                 {.blocks = {ffn}, .post_norm = "post_ffw_norm"}};
  }
  return {};
}

}  // namespace

const Architecture olmo2_architecture = {.name = "olmo2", .describe = describe};

}  // namespace quire
