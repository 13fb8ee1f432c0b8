#include "model/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "model/arch/architecture.h"

namespace quire {
namespace {

// Bounds that no model comes near, and below which no product of two counts overflows.
constexpr int64_t width_max = int64_t{1} << 20;
constexpr int64_t ffn_width_max = int64_t{1} << 22;
constexpr int64_t layers_max = 1024;
constexpr int64_t heads_max = 4096;
constexpr int64_t head_dim_max = 1024;
constexpr int64_t context_tokens_max = int64_t{1} << 28;
constexpr int64_t vocab_max = int64_t{1} << 24;

Error invalid_key(std::string_view key, const std::string& found, std::string_view expected) {
  return Error{ErrorKind::invalid, fmt::format("{}: found {}, expected {}", key, found, expected)};
}

// Keys of one architecture: "llama." + name.
class Keys {
 public:
  Keys(const gguf::Metadata& metadata, std::string prefix) : metadata_(metadata), prefix_(std::move(prefix)) {}

  std::string full(std::string_view name) const { return fmt::format("{}.{}", prefix_, name); }
  bool contains(std::string_view name) const { return metadata_.contains(full(name)); }
  Result<int64_t> count(std::string_view name, int64_t max) const { return metadata_.get_int(full(name), 1, max); }
  Result<int64_t> count_or(std::string_view name, int64_t fallback, int64_t max) const {
    return metadata_.get_int_or(full(name), fallback, 1, max);
  }
  Result<double> number(std::string_view name, double min, double max) const {
    QUIRE_TRY(const double value, metadata_.get_float(full(name)));
    if (!(value >= min && value <= max)) {
      return std::unexpected(invalid_key(full(name), fmt::format("{}", value), fmt::format("{} to {}", min, max)));
    }
    return value;
  }
  Result<double> number_or(std::string_view name, double fallback, double min, double max) const {
    return contains(name) ? number(name, min, max) : Result<double>(fallback);
  }
  Result<std::string> string_or(std::string_view name, std::string_view fallback) const {
    return metadata_.get_string_or(full(name), fallback);
  }

 private:
  const gguf::Metadata& metadata_;
  std::string prefix_;
};

Result<void> read_attention(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(config.heads, keys.count("attention.head_count", heads_max));
  QUIRE_TRY(config.kv_heads, keys.count_or("attention.head_count_kv", config.heads, heads_max));
  if (config.heads % config.kv_heads != 0) {
    return std::unexpected(invalid_key(keys.full("attention.head_count_kv"), fmt::format("{}", config.kv_heads),
                                       fmt::format("a divisor of attention.head_count, {}", config.heads)));
  }
  if (!keys.contains("attention.key_length") && config.width % config.heads != 0) {
    return std::unexpected(
        invalid_key(keys.full("attention.head_count"), fmt::format("{}", config.heads),
                    fmt::format("a divisor of embedding_length, {}, or an attention.key_length", config.width)));
  }
  QUIRE_TRY(config.head_dim, keys.count_or("attention.key_length", config.width / config.heads, head_dim_max));
  if (config.head_dim < 2 || config.head_dim % 2 != 0) {
    return std::unexpected(
        invalid_key(keys.full("attention.key_length"), fmt::format("{}", config.head_dim), "an even size of a head"));
  }
  config.attention_scale = 1.0F / std::sqrt(static_cast<float>(config.head_dim));
  QUIRE_TRY(const int64_t value_length, keys.count_or("attention.value_length", config.head_dim, head_dim_max));
  if (value_length != config.head_dim) {
    return std::unexpected(invalid_key(keys.full("attention.value_length"), fmt::format("{}", value_length),
                                       fmt::format("that of attention.key_length, {}", config.head_dim)));
  }
  QUIRE_TRY(const double epsilon, keys.number("attention.layer_norm_rms_epsilon", 0.0, 1.0));
  config.norm_epsilon = static_cast<float>(epsilon);
  return {};
}

Result<void> read_rope(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(config.rotary_dim, keys.count_or("rope.dimension_count", config.head_dim, head_dim_max));
  if (config.rotary_dim % 2 != 0 || config.rotary_dim > config.head_dim) {
    return std::unexpected(invalid_key(keys.full("rope.dimension_count"), fmt::format("{}", config.rotary_dim),
                                       fmt::format("an even number up to the head's size, {}", config.head_dim)));
  }
  QUIRE_TRY(config.rope_base, keys.number_or("rope.freq_base", 10000.0, 1.0, 1e15));
  // Files older than the scaling keys have the one factor of linear scaling.
  QUIRE_TRY(const double old_scale, keys.number_or("rope.scale_linear", 1.0, 1e-3, 1e6));
  const std::string_view implied = keys.contains("rope.scaling.type") || old_scale == 1.0 ? "none" : "linear";
  QUIRE_TRY(const std::string scaling, keys.string_or("rope.scaling.type", implied));
  if (scaling == "linear") {
    QUIRE_TRY(config.rope_position_scale, keys.number_or("rope.scaling.factor", old_scale, 1e-3, 1e6));
  } else if (scaling != "none") {
    return fail(
        ErrorKind::unsupported,
        fmt::format("{}: found \"{}\"; supported are \"none\" and \"linear\", and Llama 3's factors in the tensor "
                    "rope_freqs.weight",
                    keys.full("rope.scaling.type"), scaling));
  }
  return {};
}

// Beginnings of the names of tensors that published files hold beside the text model, which does not read them: vision
// and audio towers, their projectors, and blocks that guess further tokens.
constexpr std::array<std::string_view, 5> beside_text_prefixes = {"v.", "a.", "mm.", "mtp.", "model.vision_tower."};

// The N of "blk.N.".
std::optional<int64_t> block_of(std::string_view tensor) {
  constexpr std::string_view prefix = "blk.";
  if (!tensor.starts_with(prefix)) return std::nullopt;
  tensor.remove_prefix(prefix.size());
  int64_t block = 0;
  const auto [end, error] = std::from_chars(tensor.data(), tensor.data() + tensor.size(), block);
  if (error != std::errc() || end == tensor.data() + tensor.size() || *end != '.') return std::nullopt;
  return block;
}

}  // namespace

bool is_beside_text(const ModelConfig& config, std::string_view tensor) {
  const auto block = block_of(tensor);
  if (block) return *block >= config.layers && *block < config.layers + config.skipped_layers;
  return std::ranges::any_of(beside_text_prefixes, [&](std::string_view prefix) { return tensor.starts_with(prefix); });
}

Result<ModelConfig> read_config(const gguf::File& file, KvType kv_type) {
  const gguf::Metadata& metadata = file.metadata();
  ModelConfig config;
  QUIRE_TRY(config.architecture, metadata.get_string("general.architecture"));
  if (find_architecture(config.architecture) == nullptr) {
    return fail(ErrorKind::unsupported, fmt::format("general.architecture: found \"{}\"; supported are {}",
                                                    config.architecture, architecture_names()));
  }
  const Keys keys(metadata, config.architecture);
  QUIRE_TRY(const int64_t blocks, keys.count("block_count", layers_max));
  QUIRE_TRY(config.skipped_layers, metadata.get_int_or(keys.full("nextn_predict_layers"), 0, 0, blocks - 1));
  config.layers = blocks - config.skipped_layers;
  QUIRE_TRY(config.width, keys.count("embedding_length", width_max));
  QUIRE_TRY(config.ffn_width, keys.count("feed_forward_length", ffn_width_max));
  QUIRE_TRY(config.context_max, keys.count("context_length", context_tokens_max));
  QUIRE_TRY(const int64_t experts, metadata.get_int_or(keys.full("expert_count"), 0, 0, INT64_MAX));
  if (experts > 0) {
    return fail(ErrorKind::unsupported,
                fmt::format("{}: found {}; mixtures of experts are not supported", keys.full("expert_count"), experts));
  }
  QUIRE_TRY_VOID(read_attention(keys, config));
  QUIRE_TRY_VOID(read_rope(keys, config));

  const TensorView* embedding = file.find_tensor("token_embd.weight");
  if (embedding == nullptr) return fail(ErrorKind::invalid, "tensor token_embd.weight: not in the file");
  config.vocab = embedding->shape[1];
  config.embedding_row_bytes = embedding->row_bytes();
  if (config.vocab < 1 || config.vocab > vocab_max) {
    return fail(ErrorKind::invalid,
                fmt::format("tensor token_embd.weight: found {} rows, expected 1 to {}", config.vocab, vocab_max));
  }
  const bool exact = std::ranges::all_of(file.tensors(), [&](const TensorView& tensor) {
    return tensor.shape[1] == 1 || tensor.type == ElementType::f32 || is_beside_text(config, tensor.name);
  });
  config.kv_type = kv_type == KvType::f16 && exact ? KvType::f32 : kv_type;
  return config;
}

}  // namespace quire
