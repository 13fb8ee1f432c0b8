// Gemma 4: norms before and behind each block, GELU, an embedding that is scaled. Layers with a window and those
// without differ in the size of their heads, in how many of them have keys, and in their turn: without a window a part
// of each head does not turn, which factors say. Values are normed; where there is no attn_v they are keys before their
// norm. The small models' last layers read the keys and values of others, and each layer is given a part of every token
// beside the stream; in the mixtures experts stand beside the feed-forward network.
#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

// The size of heads in layers with a window.
Result<int64_t> read_window_head_dim(const Keys& keys, int64_t fallback) {
  constexpr std::string_view key = "attention.key_length_swa";
  QUIRE_TRY(const int64_t head_dim, keys.count_or(key, fallback, head_dim_max));
  QUIRE_TRY(const int64_t value_length, keys.count_or("attention.value_length_swa", head_dim, head_dim_max));
  if (head_dim % 2 != 0) {
    return std::unexpected(invalid_key(keys.full(key), fmt::format("{}", head_dim), "an even size of a head"));
  }
  if (value_length != head_dim) {
    return std::unexpected(invalid_key(keys.full("attention.value_length_swa"), fmt::format("{}", value_length),
                                       fmt::format("that of attention.key_length_swa, {}", head_dim)));
  }
  return head_dim;
}

Result<AttentionConfig> read_attention_of(const Keys& keys, const ModelConfig& config, int64_t layer, int64_t window) {
  QUIRE_TRY(AttentionConfig attention, read_attention_of_layer(keys, config, layer));
  attention.pairs = RopePairs::halves;
  attention.head_norms = HeadNorms::each_head;
  attention.scale = 1.0F;
  attention.window = window;
  attention.rope = window > 0 ? 1 : 0;
  if (window > 0) {
    QUIRE_TRY(attention.head_dim, read_window_head_dim(keys, attention.head_dim));
  }
  const bool has_values = keys.has_tensor(fmt::format("blk.{}.attn_v.weight", layer));
  attention.values = has_values ? Values::normed : Values::keys_normed;
  return attention;
}

Result<std::optional<ExpertsConfig>> read_experts_beside(const Keys& keys) {
  QUIRE_TRY(const int64_t count, keys.count_from_zero_or("expert_count", 0, experts_max));
  if (count == 0) return std::nullopt;
  QUIRE_TRY(ExpertsConfig experts, read_experts(keys, {.gating = ExpertGating::softmax, .normalized = true}, 0));
  experts.router_norm = true;
  experts.scales = true;
  experts.activation = Activation::gelu;
  return experts;
}

Result<void> read_ropes(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(const int64_t head_dim, keys.count("attention.key_length", head_dim_max));
  QUIRE_TRY(const int64_t window_head_dim, read_window_head_dim(keys, head_dim));
  QUIRE_TRY(RopeConfig full, read_rope(keys, head_dim));
  full.factors = "rope_freqs.weight";
  QUIRE_TRY(
      const RopeConfig window,
      read_window_rope(keys, {.rotary = window_head_dim, .factors = {}, .long_factors = {}}, window_head_dim, 1e4));
  config.ropes = {full, window};
  return {};
}

Result<void> describe(const Keys& keys, ModelConfig& config) {
  config.embedding_scale = std::sqrt(static_cast<float>(config.width));
  QUIRE_TRY(const double softcap, keys.number_or("final_logit_softcapping", 0.0, 0.0, 1e6));
  config.logit_softcap = static_cast<float>(softcap);
  QUIRE_TRY_VOID(read_ropes(keys, config));
  QUIRE_TRY_VOID(read_layer_inputs(keys, config));
  QUIRE_TRY(const std::optional<ExpertsConfig> experts, read_experts_beside(keys));
  const bool output_scale = keys.has_tensor("blk.0.layer_output_scale.weight");
  constexpr std::string_view pattern = "attention.sliding_window_pattern";
  if (!keys.contains(pattern)) {
    return std::unexpected(invalid_key(keys.full(pattern), "nothing", "which layers have a window"));
  }
  QUIRE_TRY(const std::vector<int64_t> windows, read_windows(keys, config.layer_count(), 1, 1));
  for (size_t i = 0; i < windows.size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    QUIRE_TRY(const AttentionConfig attention, read_attention_of(keys, config, index, windows[i]));
    QUIRE_TRY(const int64_t ffn_width, keys.count_of_layer("feed_forward_length", index, ffn_width_max));
    const FfnConfig ffn{.width = ffn_width, .activation = Activation::gelu};
    LayerConfig& layer = config.layers[i];
    layer = pre_and_post_norm_layer(attention, ffn);
    layer.output_scale = output_scale;
    if (experts) {
      layer.branches.back().norm = {};
      layer.branches.back().blocks = {FfnAndExpertsConfig{.ffn = ffn, .experts = *experts}};
    }
    if (config.layer_input_width > 0) {
      const LayerInputConfig input{
          .layer = index, .width = config.layer_input_width, .layer_count = config.layer_count()};
      layer.branches.push_back({.norm = {}, .blocks = {input}, .post_norm = "post_norm"});
    }
  }
  return share_kv(keys, config);
}

}  // namespace

const Architecture gemma4_architecture = {.name = "gemma4", .describe = describe};

}  // namespace quire
