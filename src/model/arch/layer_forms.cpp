#include "model/arch/layer_forms.h"

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

}  // namespace quire
