// DeepSeek V2 and V3, and who has their layers: Kimi K2, GLM 4.7 Flash, Mistral Large 3, and Mistral Small 4 under a
// name of its own. Attention by latents, leading dense layers, then experts beside those of all rows, chosen by groups
// in the largest.
#include <fmt/format.h>

#include <cmath>

#include "base/fixed_math.h"
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

// Sizes of heads: files that were published first have no keys for them as they are, and attn_kv_b whole.
Result<void> read_head_sizes(const Keys& keys, LatentAttentionConfig& config) {
  config.joined = !keys.contains("attention.key_length_mla");
  const std::string_view key = config.joined ? "attention.key_length" : "attention.key_length_mla";
  QUIRE_TRY(const int64_t query_dim, keys.count(key, head_dim_max));
  QUIRE_TRY(config.rope_dim, keys.count("rope.dimension_count", head_dim_max));
  config.plain_dim = query_dim - config.rope_dim;
  if (config.plain_dim < 1 || config.rope_dim % 2 != 0) {
    return std::unexpected(invalid_key(keys.full("rope.dimension_count"), fmt::format("{}", config.rope_dim),
                                       fmt::format("an even number below the size of a head, {}", query_dim)));
  }
  QUIRE_TRY(config.value_dim,
            keys.count(config.joined ? "attention.value_length" : "attention.value_length_mla", head_dim_max));
  return {};
}

Result<LatentAttentionConfig> read_latent_attention(const Keys& keys, const ModelConfig& model) {
  LatentAttentionConfig config;
  QUIRE_TRY(config.heads, keys.count("attention.head_count", heads_max));
  QUIRE_TRY_VOID(read_head_sizes(keys, config));
  QUIRE_TRY(config.latent_dim, keys.count("attention.kv_lora_rank", head_dim_max));
  if (config.latent_dim % quant_group != 0) {
    return fail(ErrorKind::unsupported,
                fmt::format("{}: found {}; supported are multiples of {}", keys.full("attention.kv_lora_rank"),
                            config.latent_dim, quant_group));
  }
  // A file may say a rank of queries and have them of x all the same.
  if (!keys.has_tensor("blk.0.attn_q.weight")) {
    QUIRE_TRY(config.query_rank, keys.count("attention.q_lora_rank", width_max));
  }
  config.norm = model.norm;
  config.norm.bias = false;
  config.scale = 1.0F / std::sqrt(static_cast<float>(config.query_dim()));
  return config;
}

// The key is a tenth of mscale_all_dim of the model's configuration. Published models have mscale the same, so that
// turns keep their size, and scores grow by the square of what either would make of them.
Result<void> read_yarn_scale(const Keys& keys, RopeConfig& rope, LatentAttentionConfig& attention) {
  QUIRE_TRY(const double weight, keys.number_or("rope.scaling.yarn_log_multiplier", 0.0, 0.0, 1e2));
  if (!rope.yarn || weight == 0.0) return {};
  QUIRE_TRY(const double own, keys.number_or("rope.scaling.yarn_attn_factor", 1.0, 1e-3, 1e3));
  QUIRE_TRY(const double factor, keys.number_or("rope.scaling.attn_factor", 1.0, 1e-3, 1e3));
  rope.magnitude = own * factor;
  const double scale = rope.position_scale > 1.0 ? 1.0 + weight * fixed_log(rope.position_scale) : 1.0;
  attention.scale = static_cast<float>(scale * scale / std::sqrt(static_cast<double>(attention.query_dim())));
  return {};
}

// fallback: of models whose files do not say it, but have a longer context than the original one.
Result<void> read_temperature(const Keys& keys, double fallback, ModelConfig& config,
                              LatentAttentionConfig& attention) {
  if (!keys.contains("rope.scaling.original_context_length")) fallback = 0.0;
  QUIRE_TRY(config.temperature.scale, keys.number_or("attention.temperature_scale", fallback, 0.0, 1e3));
  attention.has_temperature = config.temperature.scale != 0.0;
  if (!attention.has_temperature) return {};
  const std::string_view key = "attention.temperature_length";
  QUIRE_TRY(const int64_t length,
            keys.count(keys.contains(key) ? key : "rope.scaling.original_context_length", context_tokens_max));
  config.temperature.length = static_cast<double>(length);
  return {};
}

struct Family {
  double temperature = 0.0;        // where the file does not say it
  int64_t softmax_group_best = 1;  // scores by which a group is as good, where scores are a softmax
};

Result<void> describe_family(const Keys& keys, const Family& family, ModelConfig& config) {
  QUIRE_TRY(LatentAttentionConfig attention, read_latent_attention(keys, config));
  QUIRE_TRY(RopeConfig rope, read_rope(keys, attention.rope_dim));
  QUIRE_TRY_VOID(read_yarn_scale(keys, rope, attention));
  QUIRE_TRY_VOID(read_temperature(keys, family.temperature, config, attention));
  config.ropes = {rope};
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  if (!keys.contains("expert_count")) return {};
  // Corrections came with sigmoids; files of before have neither, and no key for it.
  QUIRE_TRY(const int64_t first, keys.count_from_zero_or("leading_dense_block_count", 0, config.layer_count() - 1));
  const bool corrected = keys.has_tensor(fmt::format("blk.{}.exp_probs_b.bias", first));
  const ExpertGating usual = corrected ? ExpertGating::sigmoid : ExpertGating::softmax;
  QUIRE_TRY(const ExpertGating gating, read_gating(keys, usual));
  const int64_t group_best = gating == ExpertGating::sigmoid ? 2 : family.softmax_group_best;
  return put_experts(keys, {.gating = gating, .group_best = group_best}, config);
}

Result<void> describe_deepseek2(const Keys& keys, ModelConfig& config) { return describe_family(keys, {}, config); }

Result<void> describe_mistral4(const Keys& keys, ModelConfig& config) {
  return describe_family(keys, {.temperature = 0.1, .softmax_group_best = 2}, config);
}

}  // namespace

const Architecture deepseek2_architecture = {.name = "deepseek2", .describe = describe_deepseek2};
const Architecture mistral4_architecture = {.name = "mistral4", .describe = describe_mistral4};

}  // namespace quire
