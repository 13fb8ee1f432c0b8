// LFM 2 and 2.5: short convolutions between two gates, and some layers with attention, whose heads of q and k are
// normalized; the norm behind the layers has the embedding's name. With leading dense layers and experts chosen by
// corrected sigmoid scores LFM2MoE.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  ShortConvolutionConfig convolution{.width = config.width};
  QUIRE_TRY(convolution.taps, keys.count("shortconv.l_cache", convolution_taps_max));
  config.output_norm = "token_embd_norm";
  for (int64_t i = 0; i < config.layer_count(); ++i) {
    LayerConfig& layer = config.layers[static_cast<size_t>(i)];
    QUIRE_TRY(const int64_t kv_heads, keys.count_from_zero_of_layer("attention.head_count_kv", i, heads_max));
    if (kv_heads == 0) {
      layer = pre_norm_layer(convolution, ffn);
      continue;
    }
    QUIRE_TRY(AttentionConfig attention, read_attention_of_layer(keys, config, i));
    attention.pairs = RopePairs::halves;
    attention.head_norms = HeadNorms::each_head;
    layer = pre_norm_layer(attention, ffn);
    QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
    config.ropes = {rope};
  }
  return {};
}

Result<void> describe_with_experts(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY_VOID(describe(keys, config));
  return put_experts(keys, {.gating = ExpertGating::sigmoid, .normalized = true}, config);
}

}  // namespace

const Architecture lfm2_architecture = {.name = "lfm2", .describe = describe};
const Architecture lfm2moe_architecture = {.name = "lfm2moe", .describe = describe_with_experts};

}  // namespace quire
