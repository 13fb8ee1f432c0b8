// Gemma 2: norms before and after each block, GELU, scores and logits with a softcap; every other layer has a window.
#include <cmath>

#include "model/arch/architecture.h"

namespace quire {
namespace {

// No key says it: only the 27B divides scores by the root of width / heads, which is not the size of its heads.
constexpr int64_t layers_of_27b = 46;

float scale_of_27b(const AttentionConfig& attention, const ModelConfig& config) {
  return 1.0F / std::sqrt(static_cast<float>(config.width / attention.heads));
}

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::halves;
  if (config.layer_count() == layers_of_27b) attention.scale = scale_of_27b(attention, config);
  QUIRE_TRY(const double softcap, keys.number_or("attn_logit_softcapping", 50.0, 0.0, 1e6));
  attention.softcap = static_cast<float>(softcap);
  QUIRE_TRY(const double logit_softcap, keys.number_or("final_logit_softcapping", 30.0, 0.0, 1e6));
  config.logit_softcap = static_cast<float>(logit_softcap);
  config.embedding_scale = std::sqrt(static_cast<float>(config.width));
  QUIRE_TRY(FfnConfig ffn, read_ffn(keys));
  ffn.activation = Activation::gelu;
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  QUIRE_TRY(const int64_t window, read_window(keys));
  QUIRE_TRY(const std::vector<bool> windows, read_window_pattern(keys, config.layer_count(), 2));
  for (size_t i = 0; i < config.layers.size(); ++i) {
    attention.window = windows[i] ? window : 0;
    config.layers[i].branches = {{.norm = "attn_norm", .blocks = {attention}, .post_norm = "post_attention_norm"},
                                 {.norm = "ffn_norm", .blocks = {ffn}, .post_norm = "post_ffw_norm"}};
  }
  return {};
}

}  // namespace

const Architecture gemma2_architecture = {.name = "gemma2", .describe = describe};

}  // namespace quire
