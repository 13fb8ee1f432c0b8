// Nemotron-H and Nemotron 3: a layer is one block behind one norm: Mamba 2, attention without positions, or a network
// of a squared ReLU without a gate, which is a mixture of experts chosen by corrected sigmoid scores beside one of all
// rows. In the largest, experts read a narrower projection of the row.
#include <fmt/format.h>

#include <optional>

#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<std::vector<BlockConfig>> read_network(const Keys& keys, int64_t layer, int64_t width) {
  FfnConfig ffn{.width = width, .activation = Activation::relu_squared, .gated = false};
  ffn.bias = keys.has_tensor(fmt::format("blk.{}.ffn_down.bias", layer));
  return std::vector<BlockConfig>{ffn};
}

Result<std::vector<BlockConfig>> read_mixture(const Keys& keys, int64_t layer, int64_t) {
  QUIRE_TRY(ExpertsConfig experts, read_experts(keys, {.gating = ExpertGating::sigmoid}, layer));
  QUIRE_TRY(std::optional<FfnConfig> shared, read_shared_expert(keys, experts.hidden, layer));
  QUIRE_TRY(experts.latent, keys.count_from_zero_or("moe_latent_size", 0, width_max));
  experts.activation = Activation::relu_squared;
  experts.gated = false;
  std::vector<BlockConfig> blocks = {experts};
  if (!shared) return blocks;
  shared->activation = Activation::relu_squared;
  shared->gated = false;
  blocks.push_back(*shared);
  return blocks;
}

using ReadNetwork = Result<std::vector<BlockConfig>> (*)(const Keys& keys, int64_t layer, int64_t width);

Result<void> describe_layers(const Keys& keys, ModelConfig& config, ReadNetwork read) {
  QUIRE_TRY(Mamba2Config mamba, read_mamba2(keys, config));
  for (int64_t i = 0; i < config.layer_count(); ++i) {
    QUIRE_TRY(const int64_t kv_heads, keys.count_from_zero_of_layer("attention.head_count_kv", i, heads_max));
    QUIRE_TRY(const int64_t ffn_width, keys.count_from_zero_of_layer("feed_forward_length", i, ffn_width_max));
    BranchConfig branch{.norm = "attn_norm", .blocks = {}};
    if (ffn_width > 0) {
      QUIRE_TRY(branch.blocks, read(keys, i, ffn_width));
    } else if (kv_heads > 0) {
      QUIRE_TRY(AttentionConfig attention, read_attention_of_layer(keys, config, i));
      attention.rope = no_rope;
      branch.blocks = {attention};
    } else {
      mamba.convolution_bias = keys.has_tensor(fmt::format("blk.{}.ssm_conv1d.bias", i));
      branch.blocks = {mamba};
    }
    config.layers[static_cast<size_t>(i)] = {.branches = {branch}};
  }
  return {};
}

Result<void> describe(const Keys& keys, ModelConfig& config) { return describe_layers(keys, config, read_network); }

Result<void> describe_with_experts(const Keys& keys, ModelConfig& config) {
  return describe_layers(keys, config, read_mixture);
}

}  // namespace

const Architecture nemotron_h_architecture = {.name = "nemotron_h", .describe = describe};
const Architecture nemotron_h_moe_architecture = {.name = "nemotron_h_moe", .describe = describe_with_experts};

}  // namespace quire
