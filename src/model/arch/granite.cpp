// Granite 3 and 4, dense and with experts: Llama with four scales, of the embedding, of what a block adds, of scores
// and of logits, which are divided by theirs. Hybrids have Mamba 2 in most layers, and often no positions.
#include <fmt/format.h>

#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

// Of the model; that of scores is attention's.
Result<void> read_scales(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(const double embedding_scale, keys.number_or("embedding_scale", 1.0, 1e-6, 1e6));
  QUIRE_TRY(const double residual_scale, keys.number_or("residual_scale", 1.0, 1e-6, 1e6));
  QUIRE_TRY(const double logit_scale, keys.number_or("logit_scale", 1.0, 1e-6, 1e6));
  config.embedding_scale = static_cast<float>(embedding_scale);
  config.residual_scale = static_cast<float>(residual_scale);
  config.logit_scale = static_cast<float>(1.0 / logit_scale);
  return {};
}

Result<void> read_scores(const Keys& keys, AttentionConfig& attention) {
  attention.pairs = RopePairs::neighbours;
  QUIRE_TRY(const double scale, keys.number_or("attention.scale", attention.scale, 1e-6, 1e6));
  attention.scale = static_cast<float>(scale);
  return {};
}

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  QUIRE_TRY_VOID(read_scores(keys, attention));
  QUIRE_TRY_VOID(read_scales(keys, config));
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

Result<void> describe_with_experts(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY_VOID(describe(keys, config));
  return put_experts(keys, {.gating = ExpertGating::softmax, .normalized = true}, config);
}

Result<void> describe_hybrid(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY_VOID(read_scales(keys, config));
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(Mamba2Config mamba, read_mamba2(keys, config));
  QUIRE_TRY(const bool turns, keys.flag_or("rope.scaling.finetuned", false));
  for (int64_t i = 0; i < config.layer_count(); ++i) {
    LayerConfig& layer = config.layers[static_cast<size_t>(i)];
    QUIRE_TRY(const int64_t kv_heads, keys.count_from_zero_of_layer("attention.head_count_kv", i, heads_max));
    if (kv_heads == 0) {
      mamba.convolution_bias = keys.has_tensor(fmt::format("blk.{}.ssm_conv1d.bias", i));
      layer = pre_norm_layer(mamba, ffn);
      continue;
    }
    QUIRE_TRY(AttentionConfig attention, read_attention_of_layer(keys, config, i));
    QUIRE_TRY_VOID(read_scores(keys, attention));
    if (turns) {
      QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
      config.ropes = {rope};
    } else {
      attention.rope = no_rope;
    }
    layer = pre_norm_layer(attention, ffn);
  }
  QUIRE_TRY(const int64_t experts, keys.count_from_zero_or("expert_count", 0, experts_max));
  if (experts == 0) return {};
  return put_experts(keys, {.gating = ExpertGating::softmax, .normalized = true}, config);
}

}  // namespace

const Architecture granite_architecture = {.name = "granite", .describe = describe};
const Architecture granitehybrid_architecture = {.name = "granitehybrid", .describe = describe_hybrid};
const Architecture granitemoe_architecture = {.name = "granitemoe", .describe = describe_with_experts};

}  // namespace quire
