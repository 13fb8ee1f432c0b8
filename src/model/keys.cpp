#include "model/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <variant>

#include "base/fixed_math.h"

namespace quire {

Error invalid_key(std::string_view key, const std::string& found, std::string_view expected) {
  return Error{ErrorKind::invalid, fmt::format("{}: found {}, expected {}", key, found, expected)};
}

std::string Keys::full(std::string_view name) const { return fmt::format("{}.{}", architecture_, name); }

Result<double> Keys::number(std::string_view name, double min, double max) const {
  QUIRE_TRY(const double value, metadata_.get_float(full(name)));
  if (!(value >= min && value <= max)) {
    return std::unexpected(invalid_key(full(name), fmt::format("{}", value), fmt::format("{} to {}", min, max)));
  }
  return value;
}

const gguf::TensorSpec* Keys::tensor(std::string_view name) const {
  const auto found = std::ranges::find(tensors_, name, &gguf::TensorSpec::name);
  return found == tensors_.end() ? nullptr : &*found;
}

Result<int64_t> Keys::count_of_layer(std::string_view name, int64_t layer, int64_t max) const {
  return number_of_layer(name, layer, 1, max);
}

Result<int64_t> Keys::count_from_zero_of_layer(std::string_view name, int64_t layer, int64_t max) const {
  return number_of_layer(name, layer, 0, max);
}

Result<int64_t> Keys::number_of_layer(std::string_view name, int64_t layer, int64_t min, int64_t max) const {
  const Result<std::vector<int64_t>> counts = metadata_.get_ints(full(name));
  if (!counts) return metadata_.get_int(full(name), min, max);  // one for all
  if (layer >= std::ssize(*counts)) {
    return std::unexpected(
        invalid_key(full(name), fmt::format("numbers of {} layers", counts->size()), "one for each layer"));
  }
  const int64_t found = (*counts)[static_cast<size_t>(layer)];
  if (found >= min && found <= max) return found;
  return std::unexpected(
      invalid_key(full(name), fmt::format("{} for layer {}", found, layer), fmt::format("{} to {}", min, max)));
}

namespace {

// All but how many heads there are.
Result<AttentionConfig> read_attention_with(const Keys& keys, const ModelConfig& model, int64_t heads,
                                            int64_t kv_heads) {
  AttentionConfig config{.heads = heads, .kv_heads = kv_heads};
  if (config.heads % config.kv_heads != 0) {
    return std::unexpected(invalid_key(keys.full("attention.head_count_kv"), fmt::format("{}", config.kv_heads),
                                       fmt::format("a divisor of attention.head_count, {}", config.heads)));
  }
  if (!keys.contains("attention.key_length") && model.width % config.heads != 0) {
    return std::unexpected(
        invalid_key(keys.full("attention.head_count"), fmt::format("{}", config.heads),
                    fmt::format("a divisor of embedding_length, {}, or an attention.key_length", model.width)));
  }
  QUIRE_TRY(config.head_dim, keys.count_or("attention.key_length", model.width / config.heads, head_dim_max));
  if (config.head_dim < 2 || config.head_dim % 2 != 0) {
    return std::unexpected(
        invalid_key(keys.full("attention.key_length"), fmt::format("{}", config.head_dim), "an even size of a head"));
  }
  config.scale = 1.0F / std::sqrt(static_cast<float>(config.head_dim));
  QUIRE_TRY(const int64_t value_length, keys.count_or("attention.value_length", config.head_dim, head_dim_max));
  if (value_length != config.head_dim) {
    return std::unexpected(invalid_key(keys.full("attention.value_length"), fmt::format("{}", value_length),
                                       fmt::format("that of attention.key_length, {}", config.head_dim)));
  }
  config.norm = model.norm;
  config.norm.bias = false;
  config.fused = keys.has_tensor("blk.0.attn_qkv.weight");
  config.qkv_bias = keys.has_tensor(config.fused ? "blk.0.attn_qkv.bias" : "blk.0.attn_q.bias");
  config.output_bias = keys.has_tensor("blk.0.attn_output.bias");
  return config;
}

}  // namespace

Result<AttentionConfig> read_attention(const Keys& keys, const ModelConfig& model) {
  QUIRE_TRY(const int64_t heads, keys.count("attention.head_count", heads_max));
  QUIRE_TRY(const int64_t kv_heads, keys.count_or("attention.head_count_kv", heads, heads_max));
  return read_attention_with(keys, model, heads, kv_heads);
}

Result<AttentionConfig> read_attention_of_layer(const Keys& keys, const ModelConfig& model, int64_t layer) {
  QUIRE_TRY(const int64_t heads, keys.count_of_layer("attention.head_count", layer, heads_max));
  QUIRE_TRY(const int64_t kv_heads, keys.count_of_layer("attention.head_count_kv", layer, heads_max));
  return read_attention_with(keys, model, heads, kv_heads);
}

namespace {

// 0.1 ln(factor) more than 1, `weight` times: how much sharper scores become with longer contexts.
double yarn_magnitude(double factor, double weight) {
  return factor > 1.0 ? 1.0 + 0.1 * weight * fixed_log(factor) : 1.0;
}

Result<void> read_yarn(const Keys& keys, RopeConfig& config) {
  config.yarn = true;
  QUIRE_TRY(config.position_scale, keys.number("rope.scaling.factor", 1e-3, 1e6));
  QUIRE_TRY(const int64_t context, keys.count("rope.scaling.original_context_length", context_tokens_max));
  config.original_context = static_cast<double>(context);
  QUIRE_TRY(config.fast, keys.number_or("rope.scaling.yarn_beta_fast", 32.0, 1e-3, 1e6));
  QUIRE_TRY(config.slow, keys.number_or("rope.scaling.yarn_beta_slow", 1.0, 1e-3, 1e6));
  QUIRE_TRY(const double weight, keys.number_or("rope.scaling.yarn_log_multiplier", 0.0, 0.0, 1e3));
  const double magnitude = yarn_magnitude(config.position_scale, 1.0);
  const double divisor = weight != 0.0 ? yarn_magnitude(config.position_scale, weight) : 1.0;
  QUIRE_TRY(config.magnitude, keys.number_or("rope.scaling.yarn_attn_factor", magnitude / divisor, 1e-3, 1e3));
  return {};
}

}  // namespace

Result<RopeConfig> read_rope(const Keys& keys, int64_t head_dim) {
  RopeConfig config;
  QUIRE_TRY(config.rotary, keys.count_or("rope.dimension_count", head_dim, head_dim_max));
  if (config.rotary % 2 != 0 || config.rotary > head_dim) {
    return std::unexpected(invalid_key(keys.full("rope.dimension_count"), fmt::format("{}", config.rotary),
                                       fmt::format("an even number up to the head's size, {}", head_dim)));
  }
  QUIRE_TRY(config.base, keys.number_or("rope.freq_base", 10000.0, 1.0, 1e15));
  // Files older than the scaling keys have the one factor of linear scaling.
  QUIRE_TRY(const double old_scale, keys.number_or("rope.scale_linear", 1.0, 1e-3, 1e6));
  const std::string_view implied = keys.contains("rope.scaling.type") || old_scale == 1.0 ? "none" : "linear";
  QUIRE_TRY(const std::string scaling, keys.string_or("rope.scaling.type", implied));
  if (scaling == "linear") {
    QUIRE_TRY(config.position_scale, keys.number_or("rope.scaling.factor", old_scale, 1e-3, 1e6));
  } else if (scaling == "yarn") {
    QUIRE_TRY_VOID(read_yarn(keys, config));
  } else if (scaling != "none") {
    return fail(ErrorKind::unsupported,
                fmt::format("{}: found \"{}\"; supported are \"none\", \"linear\" and \"yarn\", and factors in tensors",
                            keys.full("rope.scaling.type"), scaling));
  }
  QUIRE_TRY(const double magnitude, keys.number_or("rope.scaling.attn_factor", 1.0, 1e-3, 1e3));
  config.magnitude *= magnitude;
  if (keys.has_tensor("rope_freqs.weight")) config.factors = "rope_freqs.weight";
  return config;
}

Result<RopeConfig> read_window_rope(const Keys& keys, const RopeConfig& full, int64_t head_dim, double fallback) {
  RopeConfig config;
  QUIRE_TRY(config.rotary, keys.count_or("rope.dimension_count_swa", full.rotary, head_dim));
  if (config.rotary % 2 != 0) {
    return std::unexpected(
        invalid_key(keys.full("rope.dimension_count_swa"), fmt::format("{}", config.rotary), "an even number"));
  }
  QUIRE_TRY(config.base, keys.number_or("rope.freq_base_swa", fallback, 1.0, 1e15));
  return config;
}

namespace {

// Which layers have a window: by an array, or by its number P: all but one of each P.
Result<std::vector<bool>> read_window_pattern(const Keys& keys, int64_t layers, int64_t fallback, FullLayer full) {
  constexpr std::string_view key = "attention.sliding_window_pattern";
  const gguf::Value* const value = keys.find(key);
  if (value != nullptr && std::holds_alternative<std::vector<bool>>(*value)) {
    std::vector<bool> pattern = std::get<std::vector<bool>>(*value);
    if (std::ssize(pattern) >= layers) return pattern;  // more: also of layers that are skipped
    return std::unexpected(
        invalid_key(keys.full(key), fmt::format("{} layers", pattern.size()), fmt::format("{}", layers)));
  }
  QUIRE_TRY(const int64_t period, keys.count_from_zero_or(key, fallback, layers_max));
  std::vector<bool> pattern;
  const int64_t full_layer = full == FullLayer::first ? 0 : period - 1;
  for (int64_t layer = 0; layer < layers; ++layer) pattern.push_back(period > 0 && layer % period != full_layer);
  return pattern;
}

}  // namespace

Result<std::vector<int64_t>> read_windows(const Keys& keys, int64_t layers, int64_t period, int64_t window_min,
                                          FullLayer full) {
  constexpr std::string_view key = "attention.sliding_window";
  QUIRE_TRY(const int64_t window,
            window_min > 0 ? keys.count(key, context_tokens_max) : keys.count_from_zero_or(key, 0, context_tokens_max));
  QUIRE_TRY(const std::vector<bool> pattern, read_window_pattern(keys, layers, period, full));
  std::vector<int64_t> windows;
  for (int64_t layer = 0; layer < layers; ++layer) windows.push_back(pattern[static_cast<size_t>(layer)] ? window : 0);
  return windows;
}

Result<NormConfig> read_norm(const Keys& keys, NormKind kind) {
  const bool rms = kind == NormKind::rms;
  const std::string_view key = rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon";
  QUIRE_TRY(const double epsilon, keys.number(key, 0.0, 1.0));
  const bool bias = keys.has_tensor("output_norm.bias") || keys.has_tensor("token_embd_norm.bias");
  return NormConfig{.kind = kind, .bias = bias, .epsilon = static_cast<float>(epsilon)};
}

Result<DenseParts> read_dense_parts(const Keys& keys, ModelConfig& model) {
  QUIRE_TRY(const AttentionConfig attention, read_attention(keys, model));
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  model.ropes = {rope};
  return DenseParts{.attention = attention, .ffn = ffn};
}

Result<FfnConfig> read_ffn(const Keys& keys) {
  QUIRE_TRY(const int64_t width, keys.count("feed_forward_length", ffn_width_max));
  const gguf::TensorSpec* const up = keys.tensor("blk.0.ffn_up.weight");
  const bool alone = !keys.has_tensor("blk.0.ffn_gate.weight");
  return FfnConfig{.width = width,
                   .fused = alone && up != nullptr && up->shape[1] == 2 * width,
                   .bias = keys.has_tensor("blk.0.ffn_down.bias")};
}

// Published files count the kinds of scores from 1.
Result<ExpertGating> read_gating(const Keys& keys, ExpertGating fallback) {
  constexpr std::array kinds = {ExpertGating::softmax, ExpertGating::sigmoid, ExpertGating::softmax_of_chosen};
  constexpr std::string_view key = "expert_gating_func";
  if (!keys.contains(key)) return fallback;
  QUIRE_TRY(const int64_t kind, keys.count_from_zero_or(key, 0, INT64_MAX));
  if (kind == 0) return fallback;  // none is said
  if (kind > std::ssize(kinds)) {
    return fail(ErrorKind::unsupported,
                fmt::format("{}: found {}; supported are 1 (softmax), 2 (sigmoid) and 3 (softmax of the chosen)",
                            keys.full(key), kind));
  }
  return kinds[static_cast<size_t>(kind - 1)];
}

namespace {

// Groups that experts are chosen by; published files say 0 or 1 where there are none.
Result<void> read_groups(const Keys& keys, ExpertsConfig& config) {
  QUIRE_TRY(const int64_t groups, keys.count_from_zero_or("expert_group_count", 1, experts_max));
  if (groups <= 1) return {};
  if (config.count % groups != 0) {
    return std::unexpected(invalid_key(keys.full("expert_group_count"), fmt::format("{}", groups),
                                       fmt::format("a divisor of expert_count, {}", config.count)));
  }
  config.rule.groups = groups;
  QUIRE_TRY(config.rule.groups_used, keys.count("expert_group_used_count", groups));
  const int64_t reachable = config.rule.groups_used * (config.count / groups);
  if (config.used <= reachable) return {};
  return std::unexpected(invalid_key(keys.full("expert_used_count"), fmt::format("{}", config.used),
                                     fmt::format("at most the {} experts of the groups that are used", reachable)));
}

}  // namespace

Result<ExpertsConfig> read_experts(const Keys& keys, const ExpertRule& rule, int64_t layer) {
  ExpertsConfig config{.rule = rule};
  QUIRE_TRY(config.count, keys.count("expert_count", experts_max));
  QUIRE_TRY(config.used, keys.count("expert_used_count", config.count));
  const bool own_width = keys.contains("expert_feed_forward_length");
  QUIRE_TRY(config.hidden, keys.count(own_width ? "expert_feed_forward_length" : "feed_forward_length", ffn_width_max));
  QUIRE_TRY_VOID(read_groups(keys, config));
  QUIRE_TRY(config.rule.gating, read_gating(keys, rule.gating));
  QUIRE_TRY(config.rule.normalized, keys.flag_or("expert_weights_norm", rule.normalized));
  QUIRE_TRY(const double scale, keys.number_or("expert_weights_scale", 1.0, 0.0, 1e6));
  config.rule.scale = scale == 0.0 ? 1.0F : static_cast<float>(scale);  // 0: none is said
  const auto has = [&](std::string_view tensor) { return keys.has_tensor(fmt::format("blk.{}.{}", layer, tensor)); };
  config.correction = has("exp_probs_b.bias");
  config.router_bias = has("ffn_gate_inp.bias");
  config.fused = has("ffn_gate_up_exps.weight");
  config.bias = has("ffn_down_exps.bias");
  return config;
}

Result<std::optional<FfnConfig>> read_shared_expert(const Keys& keys, int64_t hidden, int64_t layer) {
  if (!keys.has_tensor(fmt::format("blk.{}.ffn_up_shexp.weight", layer))) return std::nullopt;
  QUIRE_TRY(const int64_t count, keys.count_or("expert_shared_count", 1, experts_max));
  QUIRE_TRY(const int64_t width, keys.count_or("expert_shared_feed_forward_length", count * hidden, ffn_width_max));
  return FfnConfig{.width = width,
                   .shared = true,
                   .output_gate = keys.has_tensor(fmt::format("blk.{}.ffn_gate_inp_shexp.weight", layer))};
}

namespace {

// What delta nets and Mamba 2 say of their heads.
struct StateHeads {
  int64_t taps = 0;
  int64_t heads = 0;
  int64_t groups = 0;     // a divisor of heads
  int64_t state_dim = 0;  // what keys are as long as
  int64_t value_dim = 0;
};

Result<StateHeads> read_state_heads(const Keys& keys) {
  StateHeads sizes;
  QUIRE_TRY(sizes.taps, keys.count("ssm.conv_kernel", convolution_taps_max));
  QUIRE_TRY(sizes.state_dim, keys.count("ssm.state_size", state_rows_max));
  QUIRE_TRY(sizes.groups, keys.count("ssm.group_count", heads_max));
  QUIRE_TRY(sizes.heads, keys.count("ssm.time_step_rank", heads_max));
  QUIRE_TRY(const int64_t inner, keys.count("ssm.inner_size", width_max));
  if (sizes.heads % sizes.groups != 0) {
    return std::unexpected(invalid_key(keys.full("ssm.group_count"), fmt::format("{}", sizes.groups),
                                       fmt::format("a divisor of ssm.time_step_rank, {}", sizes.heads)));
  }
  if (inner % sizes.heads != 0) {
    return std::unexpected(invalid_key(keys.full("ssm.inner_size"), fmt::format("{}", inner),
                                       fmt::format("a multiple of ssm.time_step_rank, {}", sizes.heads)));
  }
  sizes.value_dim = inner / sizes.heads;
  return sizes;
}

}  // namespace

Result<DeltaNetConfig> read_delta_net(const Keys& keys, const ModelConfig& model) {
  QUIRE_TRY(const StateHeads sizes, read_state_heads(keys));
  DeltaNetConfig config{.heads = sizes.heads,
                        .key_heads = sizes.groups,
                        .key_dim = sizes.state_dim,
                        .value_dim = sizes.value_dim,
                        .taps = sizes.taps,
                        .norm = model.norm};
  config.norm.bias = false;
  return config;
}

Result<Mamba2Config> read_mamba2(const Keys& keys, const ModelConfig& model) {
  QUIRE_TRY(const StateHeads sizes, read_state_heads(keys));
  Mamba2Config config{.heads = sizes.heads,
                      .head_dim = sizes.value_dim,
                      .groups = sizes.groups,
                      .state_dim = sizes.state_dim,
                      .taps = sizes.taps,
                      .norm = model.norm};
  config.norm.bias = false;
  return config;
}

}  // namespace quire
