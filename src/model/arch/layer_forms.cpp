#include "model/arch/layer_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace quire {

LayerConfig pre_norm_layer(const BlockConfig& attention, const FfnConfig& ffn, std::string_view ffn_norm) {
  return {.branches = {{.norm = "attn_norm", .blocks = {attention}}, {.norm = ffn_norm, .blocks = {ffn}}}};
}

LayerConfig post_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn) {
  return {.branches = {{.blocks = {attention}, .post_norm = "post_attention_norm"},
                       {.blocks = {ffn}, .post_norm = "post_ffw_norm"}}};
}

LayerConfig pre_and_post_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn) {
  return {.branches = {{.norm = "attn_norm", .blocks = {attention}, .post_norm = "post_attention_norm"},
                       {.norm = "ffn_norm", .blocks = {ffn}, .post_norm = "post_ffw_norm"}}};
}

LayerConfig sum_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn) {
  return {.branches = {{.blocks = {attention}, .sum_norm = "attn_output_norm"},
                       {.blocks = {ffn}, .sum_norm = "layer_output_norm"}}};
}

LayerConfig parallel_layer(const AttentionConfig& attention, const FfnConfig& ffn) {
  return {.branches = {{.norm = "attn_norm", .blocks = {attention, ffn}}}};
}

Result<void> put_experts(const Keys& keys, const ExpertRule& rule, ModelConfig& config) {
  QUIRE_TRY(const int64_t first, keys.count_from_zero_or("leading_dense_block_count", 0, config.layer_count() - 1));
  QUIRE_TRY(ExpertsConfig experts, read_experts(keys, rule, first));
  QUIRE_TRY(const std::optional<FfnConfig> shared, read_shared_expert(keys, experts.hidden, first));
  for (int64_t index = first; index < config.layer_count(); ++index) {
    std::vector<BlockConfig>& blocks = config.layers[static_cast<size_t>(index)].branches.back().blocks;
    experts.activation = std::get<FfnConfig>(blocks.front()).activation;
    blocks = {experts};
    if (shared) blocks.push_back(*shared);
  }
  return {};
}

Result<void> share_kv(const Keys& keys, ModelConfig& config) {
  constexpr std::string_view key = "attention.shared_kv_layers";
  QUIRE_TRY(const int64_t sharing, keys.count_from_zero_or(key, 0, config.layer_count() - 1));
  const int64_t first = config.layer_count() - sharing;
  for (int64_t layer = first; layer < config.layer_count(); ++layer) {
    AttentionConfig& attention = *attention_of(config.layers[static_cast<size_t>(layer)]);
    for (int64_t of = first - 1; of >= 0 && attention.makes_kv(); --of) {
      if (config.attention(of).window == attention.window) attention.kv_of = of;
    }
    if (attention.makes_kv()) {
      return std::unexpected(invalid_key(keys.full(key), fmt::format("{}", sharing),
                                         fmt::format("a layer before {} of the same kind as {}", first, layer)));
    }
    if (const int64_t kv_heads = config.attention(attention.kv_of).kv_heads; attention.kv_heads != kv_heads) {
      return std::unexpected(
          invalid_key(keys.full("attention.head_count_kv"), fmt::format("{} for layer {}", attention.kv_heads, layer),
                      fmt::format("{}, as layer {} has, whose keys and values it reads", kv_heads, attention.kv_of)));
    }
  }
  return {};
}

Result<void> read_layer_inputs(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(config.layer_input_width, keys.count_from_zero_or("embedding_length_per_layer_input", 0, width_max));
  const gguf::TensorSpec* const table = keys.tensor("per_layer_token_embd.weight");
  if (config.layer_input_width == 0 || table == nullptr) return {};
  config.embedding_row_bytes = std::max(config.embedding_row_bytes, row_size_bytes(table->type, table->shape[0]));
  config.layer_input_rows = std::clamp<int64_t>(table->shape[1], 1, config.vocab);
  return {};
}

}  // namespace quire
