#include "model/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

Result<AttentionConfig> read_attention(const Keys& keys, const ModelConfig& model) {
  AttentionConfig config;
  QUIRE_TRY(config.heads, keys.count("attention.head_count", heads_max));
  QUIRE_TRY(config.kv_heads, keys.count_or("attention.head_count_kv", config.heads, heads_max));
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
  return config;
}

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
  } else if (scaling != "none") {
    return fail(
        ErrorKind::unsupported,
        fmt::format("{}: found \"{}\"; supported are \"none\" and \"linear\", and Llama 3's factors in the tensor "
                    "rope_freqs.weight",
                    keys.full("rope.scaling.type"), scaling));
  }
  if (keys.tensor("rope_freqs.weight") != nullptr) config.factors = "rope_freqs.weight";
  return config;
}

Result<FfnConfig> read_ffn(const Keys& keys) {
  QUIRE_TRY(const int64_t width, keys.count("feed_forward_length", ffn_width_max));
  return FfnConfig{.width = width};
}

}  // namespace quire
