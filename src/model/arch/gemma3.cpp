// Gemma 3: norms before and after each block and of the heads of q and k, GELU; five of six layers have a window, and
// turn by a base of their own, without the scaling of the others.
#include <cmath>

#include "model/arch/architecture.h"

namespace quire {
namespace {

// No key says it: only the 27B divides scores by the root of width / heads, which is not the size of its heads.
constexpr int64_t layers_of_27b = 62;

float scale_of_27b(const AttentionConfig& attention, const ModelConfig& config) {
  return 1.0F / std::sqrt(static_cast<float>(config.width / attention.heads));
}

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::halves;
  attention.head_norms = HeadNorms::each_head;
  if (config.layer_count() == layers_of_27b) attention.scale = scale_of_27b(attention, config);
  QUIRE_TRY(const double logit_softcap, keys.number_or("final_logit_softcapping", 0.0, 0.0, 1e6));
  config.logit_softcap = static_cast<float>(logit_softcap);
  config.embedding_scale = std::sqrt(static_cast<float>(config.width));
  QUIRE_TRY(FfnConfig ffn, read_ffn(keys));
  ffn.activation = Activation::gelu;
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  QUIRE_TRY(const RopeConfig window_rope, read_window_rope(keys, rope, 10000.0));
  config.ropes = {rope, window_rope};
  QUIRE_TRY(const int64_t window, read_window(keys));
  QUIRE_TRY(const std::vector<bool> windows, read_window_pattern(keys, config.layer_count(), 6));
  for (size_t i = 0; i < config.layers.size(); ++i) {
    attention.window = windows[i] ? window : 0;
    attention.rope = windows[i] ? 1 : 0;
    config.layers[i].branches = {{.norm = "attn_norm", .blocks = {attention}, .post_norm = "post_attention_norm"},
                                 {.norm = "ffn_norm", .blocks = {ffn}, .post_norm = "post_ffw_norm"}};
  }
  return {};
}

}  // namespace

const Architecture gemma3_architecture = {.name = "gemma3", .describe = describe};

}  // namespace quire
